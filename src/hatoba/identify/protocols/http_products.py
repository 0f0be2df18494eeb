"""Web servers, proxies and frameworks by what they say in the head of an answer."""

from __future__ import annotations

from hatoba.identify.protocols.product import product

_V = rb"(?:/v?(?P<version>\d[\w.]*))?"
_REMARK = rb"(?: \((?P<extra>[^)\r\n]*)\))?"

TOR = product(rb"(?i:Tor is not an HTTP Proxy)", "Tor SOCKS proxy", ("torproject", "tor"))
"""By what it says to browsers that take it for an HTTP proxy."""

PROXIES = (
    product(rb"^squid" + _V, "Squid http proxy", ("squid-cache", "squid")),
    product(rb"^tinyproxy" + _V, "tinyproxy", ("tinyproxy", "tinyproxy")),
)
"""By the value of the field Server, where they answer for themselves."""

VIA = (
    product(rb"\(squid/(?P<version>\d[\w.]*)\)", "Squid http proxy", ("squid-cache", "squid")),
    product(rb"\(tinyproxy/(?P<version>\d[\w.]*)\)", "tinyproxy", ("tinyproxy", "tinyproxy")),
    product(rb"\(Varnish/(?P<version>\d[\w.]*)\)", "Varnish http accelerator", ("varnish-software", "varnish_cache")),
)
"""By the value of the field Via, where they hand on what another server says."""

SERVERS = (
    *PROXIES,
    product(rb"^nginx" + _V + _REMARK, "nginx", ("f5", "nginx")),
    product(rb"^openresty" + _V, "OpenResty web app server", ("openresty", "openresty")),
    product(rb"^Apache/(?P<version>[\d.]+)(?: \((?P<extra>[^)\r\n]*)\))?", "Apache httpd", ("apache", "http_server")),
    product(rb"^Apache(?: \((?P<extra>[^)\r\n]*)\))?$", "Apache httpd", ("apache", "http_server")),
    product(rb"^Apache-Coyote/(?P<extra>[\d.]+)", "Apache Tomcat/Coyote JSP engine", ("apache", "coyote_http_connector")),
    product(rb"^lighttpd" + _V, "lighttpd", ("lighttpd", "lighttpd")),
    product(
        rb"^Microsoft-IIS/(?P<version>[\d.]+)", "Microsoft IIS httpd", ("microsoft", "internet_information_services"), "Windows"
    ),
    product(rb"^Microsoft-HTTPAPI/(?P<version>[\d.]+)", "Microsoft HTTPAPI httpd", None, "Windows"),
    product(rb"^SimpleHTTP/(?P<version>[\d.]+) (?P<extra>Python/(?P<cpe>[\w.+]+))", "SimpleHTTPServer", ("python", "python")),
    product(rb"^BaseHTTP/(?P<version>[\d.]+) (?P<extra>Python/(?P<cpe>[\w.+]+))", "BaseHTTPServer", ("python", "python")),
    product(rb"^WSGIServer/(?P<version>[\d.]+) (?P<extra>C?Python/(?P<cpe>[\w.+]+))", "WSGIServer", ("python", "python")),
    product(
        rb"^Werkzeug/(?P<version>[\d.]+)(?: (?P<extra>Python/[\w.+]+))?", "Werkzeug httpd", ("palletsprojects", "werkzeug")
    ),
    product(rb"^gunicorn" + _V, "Gunicorn", ("gunicorn", "gunicorn")),
    product(rb"^uvicorn", "Uvicorn", ("encode", "uvicorn")),
    product(rb"^CherryPy/(?P<version>[\d.]+)", "CherryPy wsgiserver", ("cherrypy", "cherrypy")),
    product(rb"^TornadoServer/(?P<version>[\d.]+)", "Tornado httpd", ("tornadoweb", "tornado")),
    product(rb"^Twisted(?:Web)?/(?P<version>[\d.]+)", "TwistedWeb httpd", ("twisted", "twisted")),
    product(rb"^Python/[\d.]+ aiohttp/(?P<version>[\d.]+)", "aiohttp", ("aiohttp", "aiohttp")),
    product(rb"^nghttpd nghttp2" + _V, "nghttpd", ("nghttp2", "nghttp2")),
    product(rb"^monit (?P<version>\d[\w.]*)", "Monit", ("mmonit", "monit")),
    product(rb"^CUPS/(?P<version>[\d.]+) (?P<extra>IPP/[\d.]+)", "CUPS", ("openprinting", "cups")),
    product(rb"^Icecast (?P<version>[\d.]+)", "Icecast streaming media server", ("icecast", "icecast")),
    product(rb"^Caddy$", "Caddy httpd", ("caddyserver", "caddy")),
    product(rb"^Jetty\((?P<version>[\w.-]+)\)", "Jetty", ("eclipse", "jetty")),
    product(rb"^MiniServ/(?P<version>[\d.]+)", "MiniServ", ("webmin", "webmin")),
    product(rb"^thin(?:$| (?P<version>\d[\w.]*))", "thin", ("macournoyer", "thin")),
    product(rb"^thttpd/(?P<version>[\d.]+)", "thttpd", ("acme", "thttpd")),
    product(rb"^mini_httpd/(?P<version>[\d.]+)", "mini_httpd", ("acme", "mini-httpd")),
    product(rb"^micro_httpd", "micro_httpd", ("acme", "micro_httpd")),
    product(rb"^GoAhead-Webs", "GoAhead WebServer", ("embedthis", "goahead")),
    product(rb"^Boa/(?P<version>[\w.]+)", "Boa httpd", ("boa", "boa")),
    product(rb"^LiteSpeed", "LiteSpeed httpd", ("litespeedtech", "litespeed_web_server")),
    product(rb"^Varnish", "Varnish http accelerator", ("varnish-software", "varnish_cache")),
    product(rb"^cloudflare", "Cloudflare http proxy"),
    product(rb"^AkamaiGHost", "AkamaiGHost"),
    product(rb"^gws$", "Google httpd"),
    product(rb"^envoy", "Envoy", ("envoyproxy", "envoy")),
    product(rb"^CouchDB/(?P<version>[\d.]+)", "CouchDB httpd", ("apache", "couchdb")),
    product(rb"^Docker/(?P<version>[\d.]+)(?: \((?P<extra>[^)]*)\))?", "Docker", ("docker", "docker")),
    product(rb"^Prosody", "Prosody httpd", ("prosody", "prosody")),
    product(rb"^RouterOS|^Mikrotik HttpProxy", "MikroTik httpd", None, "RouterOS", "router"),
    product(rb"MiniDLNA/(?P<version>\d[\w.]*)", "MiniDLNA", ("readymedia_project", "readymedia")),
    product(rb"^Transmission$", "Transmission http", ("transmissionbt", "transmission")),
    product(rb"^MinIO", "MinIO", ("minio", "minio")),
    product(rb"^Icinga/[rv]?(?P<version>\d[\w.]*)", "Icinga 2 API", ("icinga", "icinga")),
    product(rb"^ZNC (?P<version>\d[\d.]*)", "ZNC IRC bouncer", ("znc", "znc")),
    product(rb"^rspamd/(?P<version>\d[\w.]*)", "Rspamd", ("rspamd", "rspamd")),
    product(rb"^Netdata Embedded HTTP Server v?(?P<version>\d[\w.]*)", "Netdata", ("netdata", "netdata")),
    product(rb"^WebSockify (?P<extra>Python/[\w.+]+)", "websockify"),
    product(rb"^waitress$", "Waitress", ("agendaless", "waitress")),
    product(rb"^h2o/(?P<version>\d[\w.]*)", "H2O", ("dena", "h2o")),
    product(rb"^nghttpx(?: nghttp2" + _V + rb")?", "nghttpx http proxy", ("nghttp2", "nghttp2")),
    product(rb"^Virata-EmWeb/(?P<version>\w+)", "Virata-EmWeb", None, "", "printer"),
)
"""By the value of the field Server."""

APPLICATIONS = (
    product(rb"(?:^|\n)x-jenkins: (?P<version>[\d.]+)", "Jenkins", ("jenkins", "jenkins")),
    product(rb"(?:^|\n)x-influxdb-version: v?(?P<version>[\d.]+)", "InfluxDB", ("influxdata", "influxdb")),
    product(rb"(?:^|\n)kbn-(?:name|license-sig): ", "Elastic Kibana", ("elastic", "kibana")),
    product(rb"(?:^|\n)x-gitlab-(?:meta|feature-category): ", "GitLab", ("gitlab", "gitlab")),
    product(rb"(?:^|\n)x-clickhouse-", "ClickHouse", ("clickhouse", "clickhouse")),
    product(rb"(?:^|\n)x-vault-", "HashiCorp Vault", ("hashicorp", "vault")),
    product(rb"(?:^|\n)location: (?:/[\w.-]{1,40})?/\.web/?(?:\n|$)", "Radicale", ("radicale", "radicale")),
    product(rb"^Script output follows\n", "Mercurial hgweb", ("mercurial", "mercurial")),  # hgweb_mod.py's word for "OK"
    product(rb"(?:^|\n)x-consul-", "HashiCorp Consul", ("hashicorp", "consul")),
    product(rb"(?:^|\n)x-syncthing-version: v(?P<version>\d[\d.]*)", "Syncthing", ("syncthing", "syncthing")),
    product(rb"(?:^|\n)set-cookie: cockpit=", "Cockpit web service", ("cockpit-project", "cockpit")),
    product(rb"(?:^|\n)set-cookie: grafana_session=|(?:^|\n)x-grafana-", "Grafana", ("grafana", "grafana")),
)
"""By fields, or a reason in front of them, that only one program writes, whichever web server it has inside."""

POWERED_BY = (
    product(rb"(?:^|\n)x-elastic-product: Elasticsearch", "Elasticsearch REST API", ("elastic", "elasticsearch")),
    product(rb"(?:^|\n)x-powered-by: Express", "Node.js Express framework", ("openjsf", "express")),
    # sapi/cli/php_cli_server.c: of all servers it alone sends back whom it was asked for
    product(
        rb"^host: [^\n]{1,260}\n(?:date: [^\n]{1,60}\n)?connection: close(?:\nx-powered-by: PHP/(?P<version>\d[\w.]*))?",
        "PHP cli server",
        ("php", "php"),
    ),
    product(rb"(?:^|\n)x-plex-protocol: ", "Plex Media Server", ("plex", "media_server")),
)
"""By other fields, where there is no Server that a table names."""

PAGES = (
    product(rb"(?i:<title>)[^<]{0,80}CUPS v?(?P<version>\d+\.\d+\.\d+)", "CUPS", ("openprinting", "cups")),
    product(
        rb'"version" ?: ?\{\s{0,9}(?:"distribution" ?: ?"opensearch",\s{0,9})"number" ?: ?"(?P<version>\d[\w.]*)"',
        "OpenSearch REST API",
        ("amazon", "opensearch"),
    ),
    product(
        rb'"version" ?: ?\{\s{0,9}"number" ?: ?"(?P<version>\d[\w.]*)".{0,900}You Know, for Search',
        "Elasticsearch REST API",
        ("elastic", "elasticsearch"),
    ),
    product(rb'^\{"couchdb":"Welcome","version":"(?P<version>\d[\w.]*)"', "CouchDB httpd", ("apache", "couchdb")),
    product(rb"No server is available to handle this request\.\n</body></html>", "HAProxy http proxy", ("haproxy", "haproxy")),
    product(rb"<title>Node Exporter</title>", "Prometheus node exporter", ("prometheus", "node_exporter")),
    product(rb"Apt-Cacher NG Usage Information", "Apt-Cacher NG httpd", ("apt-cacher-ng_project", "apt-cacher-ng")),
    product(rb"<title>Alertmanager</title>", "Prometheus Alertmanager", ("prometheus", "alertmanager")),
    product(rb"<title>Prometheus Pushgateway</title>", "Prometheus Pushgateway"),
    product(rb"<title>Deluge WebUI (?P<version>\d[\w.]*)", "Deluge WebUI", ("deluge-torrent", "deluge")),
    product(
        rb"<title>Supervisor Status</title>.*>Supervisor</a> <span>(?P<version>\d[\w.]*)</span>",
        "Supervisor",
        ("supervisord", "supervisor"),
    ),
    product(rb"\n {4}ShellInABox - Make command line applications", "ShellInABox", ("shellinabox_project", "shellinabox")),
    product(rb'^\{ "result": 400, "text": "Bad Request" \}', "Kea control agent", ("isc", "kea")),
    product(rb"<title>RabbitMQ Management</title>", "RabbitMQ management", ("vmware", "rabbitmq")),
    product(rb"^Port \d+ is for clickhouse-client program", "ClickHouse", ("clickhouse", "clickhouse")),
    product(
        rb"<h3>Apache Tomcat/(?P<version>\d[\w.]*)(?: \((?P<extra>[^()<]{1,40})\))?</h3>", "Apache Tomcat", ("apache", "tomcat")
    ),
    product(
        rb"<title>HTTP Status \d{3} \xe2\x80\x93 [^<]{1,60}</title><style type=\"text/css\">body \{font-family:Tahoma",
        "Apache Tomcat",
        ("apache", "tomcat"),
    ),
    product(rb"^Invalid header received from client\.\n", "Privoxy http proxy", ("privoxy", "privoxy")),
)
"""By the page itself, where that tells more than the field Server, or where there is none."""
