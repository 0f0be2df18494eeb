"""What the daemons of the captures are, written by hand from their packages' versions and their settings."""

from __future__ import annotations

from typing import NamedTuple


class Truth(NamedTuple):
    name: str
    product: str = ""
    version: str = ""
    extra: str = ""
    os: str = ""
    hostname: str = ""
    cpe: str = ""
    """The first name, as a URI."""


TRUTHS = {
    "openssh": Truth(
        *("ssh", "OpenSSH", "9.2p1", "Debian 2+deb12u10; protocol 2.0", "Linux"), cpe="cpe:/a:openbsd:openssh:9.2:p1"
    ),
    "dropbear": Truth(
        "ssh", "Dropbear sshd", "2022.83", "protocol 2.0", cpe="cpe:/a:dropbear_ssh_project:dropbear_ssh:2022.83"
    ),
    "vsftpd": Truth("ftp", "vsftpd", "3.0.3", os="Unix", cpe="cpe:/a:vsftpd_project:vsftpd:3.0.3"),
    "exim4": Truth("smtp", "Exim smtpd", "4.96", hostname="target.lab", cpe="cpe:/a:exim:exim:4.96"),
    "dovecot": Truth("imap", "Dovecot imapd", "", "Debian", "Linux", cpe="cpe:/a:dovecot:dovecot"),
    "dovecot pop3": Truth("pop3", "Dovecot pop3d", "", "Debian", "Linux", cpe="cpe:/a:dovecot:dovecot"),
    "nginx": Truth("http", "nginx", "1.22.1", cpe="cpe:/a:f5:nginx:1.22.1"),
    "apache2": Truth("http", "Apache httpd", "2.4.71", "Debian", "Linux", cpe="cpe:/a:apache:http_server:2.4.71"),
    "lighttpd": Truth("http", "lighttpd", "1.4.69", cpe="cpe:/a:lighttpd:lighttpd:1.4.69"),
    "http.server": Truth("http", "SimpleHTTPServer", "0.6", "Python/3.11.7", cpe="cpe:/a:python:python:3.11.7"),
    "squid": Truth("http-proxy", "Squid http proxy", "5.7", cpe="cpe:/a:squid-cache:squid:5.7"),
    "tinyproxy": Truth("http-proxy", "tinyproxy", "1.11.1", cpe="cpe:/a:tinyproxy:tinyproxy:1.11.1"),
    "cups": Truth("ipp", "CUPS", "2.4.2", "IPP/2.1", cpe="cpe:/a:openprinting:cups:2.4.2"),
    "icecast2": Truth("http", "Icecast streaming media server", "2.4.4", cpe="cpe:/a:icecast:icecast:2.4.4"),
    "redis": Truth("redis", "Redis key-value store", "7.0.15", os="Linux", cpe="cpe:/a:redis:redis:7.0.15"),
    "memcached": Truth("memcached", "Memcached", "1.6.18", cpe="cpe:/a:memcached:memcached:1.6.18"),
    "mariadb": Truth("mysql", "MariaDB", "10.11.19", "0+deb12u1", "Linux", cpe="cpe:/a:mariadb:mariadb:10.11.19"),
    "postgresql": Truth(
        *("postgresql", "PostgreSQL DB", "", "14 or later; protocol 3.0 to 3.0"), cpe="cpe:/a:postgresql:postgresql"
    ),
    "mosquitto": Truth("mqtt", "mosquitto", "2.0.11", "open to anybody", cpe="cpe:/a:eclipse:mosquitto:2.0.11"),
    "rabbitmq": Truth("amqp", "RabbitMQ", "3.10.8", hostname="target", cpe="cpe:/a:vmware:rabbitmq:3.10.8"),
    "beanstalkd": Truth(
        "beanstalkd", "beanstalkd", "1.12", hostname="target", cpe="cpe:/a:beanstalkd_project:beanstalkd:1.12"
    ),
    "rsync": Truth("rsync", "rsync", "", "protocol version 32", cpe="cpe:/a:samba:rsync"),
    "svnserve": Truth("svn", "Subversion", "", "protocol 2 to 2", cpe="cpe:/a:apache:subversion"),
    "git": Truth("git", "git daemon", cpe="cpe:/a:git-scm:git"),
    "ngircd": Truth("irc", "ngIRCd", hostname="irc.target.lab", cpe="cpe:/a:ngircd:ngircd"),
    "prosody": Truth("xmpp-client"),
    "slapd": Truth("ldap", "OpenLDAP slapd", cpe="cpe:/a:openldap:openldap"),
    "samba": Truth(
        *("microsoft-ds", "Samba smbd", "", "SMB 3.0.2; signing not required", "Unix", "target"), cpe="cpe:/a:samba:samba"
    ),
    "tigervnc": Truth("vnc", "", "", "protocol 3.8; no password"),
    "X11 of tigervnc": Truth("X11", "X.Org", "21.1.6", "open to anybody", cpe="cpe:/a:x.org:x_server:21.1.6"),
    "xrdp": Truth("ms-wbt-server", extra="TLS"),
    "tor": Truth("tor-socks", "Tor SOCKS proxy", cpe="cpe:/a:torproject:tor"),
    "rpcbind": Truth("rpcbind", "rpcbind", "2-4"),
    "bind9": Truth("domain", "ISC BIND", "9.18.49", "1~deb12u3-Debian", "Linux", cpe="cpe:/a:isc:bind:9.18.49"),
    "bind9 over UDP": Truth("domain", "ISC BIND", "9.18.49", "1~deb12u3-Debian", "Linux", cpe="cpe:/a:isc:bind:9.18.49"),
    "nmbd": Truth("netbios-ns", "Samba nmbd", "", "workgroup: LAB", hostname="TARGET", cpe="cpe:/a:samba:samba"),
    "rpcbind over UDP": Truth("rpcbind", "rpcbind", "2-4"),
    "unbound": Truth("domain", "Unbound", "1.17.1", cpe="cpe:/a:nlnetlabs:unbound:1.17.1"),
    "dnsmasq": Truth("domain", "dnsmasq", "2.90", cpe="cpe:/a:thekelleys:dnsmasq:2.90"),
    "snmpd": Truth("snmp", "net-snmp", os="Linux", hostname="target", cpe="cpe:/a:net-snmp:net-snmp"),
    "chrony": Truth("ntp", "", "", "stratum 10"),
}  # fmt: skip
TRUTHS |= {
    "activemq": Truth("openwire", "ActiveMQ OpenWire transport", "5.17.2", "OpenWire 12", cpe="cpe:/a:apache:activemq:5.17.2"),
    "apt-cacher-ng": Truth("http", "Apt-Cacher NG httpd", cpe="cpe:/a:apt-cacher-ng_project:apt-cacher-ng"),
    "avahi": Truth("mdns"),
    "bird": Truth("bgp", "", "", "AS 65001, router 198.18.0.2"),
    "caddy over QUIC": Truth("quic", "", "", "versions v1, v2 (draft), draft-29"),
    "caddy": Truth("http", "Caddy httpd", cpe="cpe:/a:caddyserver:caddy"),
    "chargen": Truth("chargen", "", "", "endless: a traffic amplifier where it answers UDP"),
    "clamd": Truth("clam", "ClamAV clamd", "1.4.6", cpe="cpe:/a:clamav:clamav:1.4.6"),
    "coturn": Truth("stun", "Coturn", "4.6.1", cpe="cpe:/a:coturn_project:coturn:4.6.1"),
    "dante": Truth("socks5", "", "", "no password"),
    "daytime": Truth("daytime"),
    "dcmtk": Truth("dicom", "DCMTK", "3.6.7", "OFFIS_DCMTK_367", cpe="cpe:/a:offis:dcmtk:3.6.7"),
    "derby": Truth("drda", "Apache Derby Network Server", "10.14.2.0", cpe="cpe:/a:apache:derby:10.14.2.0"),
    "dictd": Truth("dict", "dictd", "1.13.0", os="Linux", hostname="target", cpe="cpe:/a:dict:dictd:1.13.0"),
    "echo": Truth("echo"),
    "epmd": Truth("epmd", "Erlang Port Mapper Daemon", cpe="cpe:/a:erlang:erlang%2fotp"),
    "etcd": Truth("http", "etcd", "3.4.23", cpe="cpe:/a:etcd:etcd:3.4.23"),
    "fingerd": Truth("finger"),
    "firebird": Truth("firebird", "Firebird RDBMS", "", "3.0 or later", cpe="cpe:/a:firebirdsql:firebird"),
    "gearmand": Truth("gearman", "Gearman job server", "1.1.20", cpe="cpe:/a:gearman:gearmand:1.1.20"),
    "gophernicus": Truth("gopher", "Gophernicus gopherd", "3.1.1"),
    "gpsd": Truth("gpsd", "gpsd", "3.22", cpe="cpe:/a:gpsd_project:gpsd:3.22"),
    "gunicorn": Truth("http", "Gunicorn", cpe="cpe:/a:gunicorn:gunicorn"),
    "haproxy": Truth("http-proxy", "HAProxy http proxy", cpe="cpe:/a:haproxy:haproxy"),
    "inetd": Truth("telnet"),
    "influxdb": Truth("http", "InfluxDB", "1.6.7", cpe="cpe:/a:influxdata:influxdb:1.6.7"),
    "inspircd": Truth("irc", hostname="irc.target.lab"),
    "jdwp": Truth("jdwp", "", "", "a debugger's port: whoever connects can run code"),
    "kamailio over UDP": Truth("sip", "Kamailio", "5.6.3", cpe="cpe:/a:kamailio:kamailio:5.6.3"),
    "kamailio": Truth("sip", "Kamailio", "5.6.3", cpe="cpe:/a:kamailio:kamailio:5.6.3"),
    "knot": Truth("domain", "Knot DNS", "3.2.6", cpe="cpe:/a:nic:knot_dns:3.2.6"),
    "krb5kdc over UDP": Truth("kerberos-sec", "MIT Kerberos", "", "CLIENT_NOT_FOUND", cpe="cpe:/a:mit:kerberos_5"),
    "krb5kdc": Truth("kerberos-sec", "MIT Kerberos", "", "CLIENT_NOT_FOUND", cpe="cpe:/a:mit:kerberos_5"),
    "libcoap": Truth("coap", "", "", "2.05"),
    "memcached over UDP": Truth(
        "memcached",
        "Memcached",
        "1.6.18",
        "a traffic amplifier where strangers reach it",
        cpe="cpe:/a:memcached:memcached:1.6.18",
    ),
    "mini-httpd": Truth("http", "mini_httpd", "1.30", cpe="cpe:/a:acme:mini-httpd:1.30"),
    "minidlna": Truth("http", "MiniDLNA", "1.3.0", os="Linux", cpe="cpe:/a:readymedia_project:readymedia:1.3.0"),
    "mpd": Truth("mpd", "Music Player Daemon", "", "0.23.5"),
    "munin-node": Truth("munin", "Munin node", "2.0.73", hostname="target.lab", cpe="cpe:/a:munin-monitoring:munin:2.0.73"),
    "murmur over UDP": Truth("mumble", "Murmur", "1.3.4", "0 of 1000 users", cpe="cpe:/a:mumble:mumble:1.3.4"),
    "murmur": Truth("mumble", "Murmur", "1.3.4", os="Linux", cpe="cpe:/a:mumble:mumble:1.3.4"),
    "nats": Truth("nats", "NATS server", "2.9.10", cpe="cpe:/a:linuxfoundation:nats-server:2.9.10"),
    "nbd-server": Truth("nbd", "Network Block Device"),
    "nginx-rtmp": Truth("rtmp"),
    "node-exporter": Truth("http", "Prometheus node exporter", cpe="cpe:/a:prometheus:node_exporter"),
    "nrpe": Truth("nrpe", "Nagios NRPE", "4.1.0", cpe="cpe:/a:nagios:remote_plug_in_executor:4.1.0"),
    "nsd": Truth("domain", "NLnet Labs NSD", "4.6.1", cpe="cpe:/a:nlnetlabs:nsd:4.6.1"),
    "oidentd": Truth("ident"),
    "openarena": Truth("quake3", "", "", "Quake3Arena"),
    "openvpn over TCP": Truth("openvpn", "OpenVPN", cpe="cpe:/a:openvpn:openvpn"),
    "openvpn": Truth("openvpn", "OpenVPN", cpe="cpe:/a:openvpn:openvpn"),
    "pgbouncer": Truth("postgresql", "PgBouncer", cpe="cpe:/a:pgbouncer:pgbouncer"),
    "podman": Truth("http", "Podman API", "4.3.1", cpe="cpe:/a:podman_project:podman:4.3.1"),
    "pptpd": Truth("pptp", "Poptop pptpd", "", "firmware 1", os="Linux", hostname="local", cpe="cpe:/a:poptop:pptp_server"),
    "privoxy": Truth("http-proxy", "Privoxy http proxy", cpe="cpe:/a:privoxy:privoxy"),
    "prometheus": Truth("http", "Prometheus", "2.42.0", cpe="cpe:/a:prometheus:prometheus:2.42.0"),
    "pymodbus": Truth("modbus", "Lab Pier", "3.0.0"),
    "rmiregistry": Truth("java-rmi", "Java RMI"),
    "saned": Truth("sane-port", "SANE saned", cpe="cpe:/a:sane-project:sane_backends"),
    "spamd": Truth("spamd", "SpamAssassin spamd", cpe="cpe:/a:apache:spamassassin"),
    "strongswan": Truth("isakmp", "", "", "IKEv2; no proposal chosen"),
    "tarantool": Truth("tarantool", "Tarantool", "2.6.0", cpe="cpe:/a:tarantool:tarantool:2.6.0"),
    "tgt": Truth("iscsi"),
    "tomcat AJP": Truth("ajp13", "Apache Jserv", "", "protocol v1.3"),
    "tomcat": Truth("http", "Apache Tomcat", "10.1.60", "Debian", cpe="cpe:/a:apache:tomcat:10.1.60"),
    "transmission DHT": Truth("bittorrent-dht"),
    "transmission": Truth("http", "Transmission http", cpe="cpe:/a:transmissionbt:transmission"),
    "upsd": Truth("nut", "Network UPS Tools upsd", "2.8.0", cpe="cpe:/a:networkupstools:nut:2.8.0"),
    "varnish": Truth("http-proxy", "Varnish http accelerator", "7.1", cpe="cpe:/a:varnish-software:varnish_cache:7.1"),
    "vtund": Truth("vtun", "Virtual Tunnel Daemon", "", "3.X"),
    "xl2tpd": Truth("l2tp", "xl2tpd", "", "firmware 0690", os="Linux", hostname="target", cpe="cpe:/a:xelerance:xl2tpd"),
    "zabbix-agent": Truth("zabbix-agent", "Zabbix agent", "6.0.14", cpe="cpe:/a:zabbix:zabbix:6.0.14"),
    "zeromq": Truth("zmtp"),
    "zookeeper": Truth("zookeeper", "Zookeeper", "3.8.0", "standalone", cpe="cpe:/a:apache:zookeeper:3.8.0"),
}
TRUTHS |= {
    "aria2": Truth("http", "aria2 JSON-RPC", "1.36.0", cpe="cpe:/a:aria2_project:aria2:1.36.0"),
    "bgpd": Truth("quagga", "FRRouting", "8.4.4", cpe="cpe:/a:frrouting:frrouting:8.4.4"),
    "bitlbee": Truth("irc", "BitlBee IRCd", hostname="irc.target.lab", cpe="cpe:/a:bitlbee:bitlbee"),
    "distccd": Truth("distccd", "distccd", "", "GCC 12.2.0", "Linux"),
    "dnsdist": Truth("domain", extra="version.bind: refused"),
    "ejabberd": Truth("xmpp-client"),
    "ganesha": Truth("nfs", extra="versions 4-4"),
    "glusterd": Truth("glusterd", "GlusterFS", cpe="cpe:/a:gluster:glusterfs"),
    "gst-rtsp-server": Truth("rtsp", "GStreamer rtspd"),
    "icinga2": Truth("http", "Icinga 2 API", "2.13.6", cpe="cpe:/a:icinga:icinga:2.13.6"),
    "ippeveprinter": Truth("ipp", "Lab Pier 3000", "2.4.2", "pierware"),
    "kresd": Truth("domain", extra="version.bind: refused"),
    "miniupnpd": Truth(*("upnp", "MiniUPnPd", "2.3.1", "", "Linux"), cpe="cpe:/a:miniupnp_project:miniupnpd:2.3.1"),
    "nnrpd": Truth("nntp", "InterNetNews (INN)", "2.7.1", cpe="cpe:/a:isc:inn:2.7.1"),
    "ovsdb-server": Truth("ovsdb", "Open vSwitch", "3.1.0", "open to anybody", cpe="cpe:/a:openvswitch:openvswitch:3.1.0"),
    "pdns": Truth("domain", "PowerDNS", "4.7.3", cpe="cpe:/a:powerdns:authoritative_server:4.7.3"),
    "pdns-recursor": Truth("domain", "PowerDNS Recursor", "4.8.8", cpe="cpe:/a:powerdns:recursor:4.8.8"),
    "php-fpm": Truth("fastcgi", extra="whoever connects can run scripts"),
    "radicale": Truth("http", "Radicale", cpe="cpe:/a:radicale:radicale"),
    "redis-sentinel": Truth("redis", "Redis key-value store", "7.0.15", "", "Linux", cpe="cpe:/a:redis:redis:7.0.15"),
    "rspamd": Truth("http", "Rspamd", "3.4", cpe="cpe:/a:rspamd:rspamd:3.4"),
    "searchd": Truth("mysql", "Sphinx SphinxQL", "2.2.11", "id64-release (95ae9a6)", cpe="cpe:/a:sphinxsearch:sphinx:2.2.11"),
    "tftpd-hpa": Truth("tftp", extra="File not found"),
    "varnish-cli": Truth(
        "varnish-cli", "Varnish Cache CLI", "7.1.1", os="Linux", cpe="cpe:/a:varnish-software:varnish_cache:7.1.1"
    ),
    "znc": Truth("http", "ZNC IRC bouncer", "1.8.2", cpe="cpe:/a:znc:znc:1.8.2"),
}
TRUTHS |= {
    "aiohttp": Truth("http", "aiohttp", "3.8.4", cpe="cpe:/a:aiohttp:aiohttp:3.8.4"),
    "alertmanager": Truth("http", "Prometheus Alertmanager", "0.25.0", cpe="cpe:/a:prometheus:alertmanager:0.25.0"),
    "cockpit": Truth("http", "Cockpit web service", cpe="cpe:/a:cockpit-project:cockpit"),
    "deluge-web": Truth("http", "Deluge WebUI", "2.0.3", cpe="cpe:/a:deluge-torrent:deluge:2.0.3"),
    "hylafax": Truth("hylafax", "HylaFAX", "6.0.7", cpe="cpe:/a:hylafax:hylafax:6.0.7"),
    "monit": Truth("http", "Monit", "5.33.0", cpe="cpe:/a:mmonit:monit:5.33.0"),
    "nghttpd": Truth("http", "nghttpd", "1.52.0", cpe="cpe:/a:nghttp2:nghttp2:1.52.0"),
    "php": Truth("http", "PHP cli server", "8.2.36", cpe="cpe:/a:php:php:8.2.36"),
    "pushgateway": Truth("http", "Prometheus Pushgateway", "1.5.1"),
    "qemu-monitor": Truth("qemu-monitor", "QEMU monitor", "7.2.22", cpe="cpe:/a:qemu:qemu:7.2.22"),
    "qmp": Truth(
        *("qmp", "QEMU Machine Protocol", "7.2.22", "Debian 1:7.2+dfsg-7+deb12u18+b3", "Linux"), cpe="cpe:/a:qemu:qemu:7.2.22"
    ),
    "shellinabox": Truth("http", "ShellInABox", cpe="cpe:/a:shellinabox_project:shellinabox"),
    "supervisor": Truth("http", "Supervisor", "4.2.5", cpe="cpe:/a:supervisord:supervisor:4.2.5"),
    "syncthing": Truth("http", "Syncthing", "1.19.2", cpe="cpe:/a:syncthing:syncthing:1.19.2"),
}
