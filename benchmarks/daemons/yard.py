"""Real daemons that share, measure and filter, and such as stand in front of others: rows as in ``services``."""

from __future__ import annotations

from functools import partial

from benchmarks.daemons import yard_recipes
from benchmarks.daemons.daemon import Daemon, beside

_silent = partial(Daemon, tells_version=False)
"""One that tells strangers no version."""

YARD = (
    _silent("iperf3", "iperf3", "iperf3", 5201, "iperf3", yard_recipes.IPERF, "iperf3"),
    Daemon("pulseaudio", "pulseaudio", "pulseaudio", 4713, "PulseAudio", yard_recipes.PULSE, "pulseaudio"),
    Daemon("deluged", "deluged", "deluged", 58846, "Deluge", yard_recipes.DELUGED, "deluge-rpc", tls=True),
    _silent("kea-ctrl-agent", "kea-ctrl-agent", "kea-ctrl-agent", 8010, "Kea", yard_recipes.KEA, "http"),
    Daemon("openocd", "openocd", "openocd", 6666, "OpenOCD", yard_recipes.OPENOCD, "openocd"),
    beside("openocd", "openocd telnet", 4444, "telnet", "OpenOCD"),
    Daemon("snapserver", "snapserver", "snapserver", 1705, "Snapcast", yard_recipes.SNAPSERVER, "snapcast"),
    Daemon("gmond", "gmond", "ganglia-monitor", 8649, "gmond", yard_recipes.GMOND, "ganglia"),
    Daemon("c-icap", "c-icap", "c-icap", 1344, "C-ICAP", yard_recipes.CICAP, "icap"),
    _silent("opendkim", "opendkim", "opendkim", 8891, "", yard_recipes.OPENDKIM, "milter"),
    _silent("postgrey", "postgrey", "postgrey", 10023, "", yard_recipes.POSTGREY, "smtp-policy"),
    Daemon(
        "zabbix-proxy", "zabbix_proxy", "zabbix-proxy-sqlite3", 10051, "Zabbix", yard_recipes.ZABBIX_PROXY, "zabbix-trapper"
    ),
    _silent("cvs", "cvs", "cvs", 2401, "CVS", yard_recipes.CVS, "cvspserver"),
    Daemon("owserver", "owserver", "owserver", 4304, "owserver", yard_recipes.OWSERVER, "owserver"),
    _silent("nghttpx", "nghttpx", "nghttp2-proxy", 3001, "nghttpx", yard_recipes.NGHTTPX, "http-proxy"),
    Daemon("darkstat", "darkstat", "darkstat", 667, "darkstat", yard_recipes.DARKSTAT, "http"),
    _silent("usbipd", "usbipd", "usbip", 3240, "USB/IP", yard_recipes.USBIP, "usbip"),
    _silent("websockify", "websockify", "websockify", 6080, "websockify", yard_recipes.WEBSOCKIFY, "http"),
    _silent("thin", "thin", "thin", 3002, "thin", yard_recipes.THIN, "http"),
    _silent("mercurial", "hg", "mercurial", 8011, "Mercurial", yard_recipes.HG, "http"),
    Daemon("netdata", "netdata", "netdata-core", 19999, "Netdata", yard_recipes.NETDATA, "http"),
    Daemon("webfs", "webfsd", "webfs", 8013, "webfs", yard_recipes.WEBFS, "http"),
    Daemon("h2o", "h2o", "h2o", 8014, "H2O", yard_recipes.H2O, "http"),
    _silent("waitress", "python3", "python3-waitress", 8015, "Waitress", yard_recipes.WAITRESS, "http", needs_package=True),
    _silent("spice", "qemu-system-x86_64", "libspice-server1", 5930, "SPICE", yard_recipes.SPICE, "spice"),
    _silent("sslh", "sslh", "", 8445, "SimpleHTTP", yard_recipes.SSLH, "http"),
    Daemon("nginx behind a proxy", "nginx", "nginx", 8097, "nginx", yard_recipes.NGINX_PROXY, "http"),
    beside("nginx behind a proxy", "nginx behind a proxy with TLS", 8447, "http", "nginx", tls=True),
    _silent("haproxy behind a proxy", "haproxy", "haproxy", 8091, "HAProxy", yard_recipes.HAPROXY_PROXY, "http-proxy"),
)
