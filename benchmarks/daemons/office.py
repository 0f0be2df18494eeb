"""Real daemons of offices and of clusters, for the exhaustive tests and the benchmark: rows as in ``services``."""

from __future__ import annotations

from functools import partial

from benchmarks.daemons import office_recipes
from benchmarks.daemons.daemon import Daemon

_silent = partial(Daemon, tells_version=False)
"""One that tells strangers no version."""

OFFICE = (
    Daemon("pdns", "pdns_server", "pdns-server", 5357, "PowerDNS", office_recipes.PDNS, "domain"),
    Daemon("pdns-recursor", "pdns_recursor", "pdns-recursor", 5358, "PowerDNS Recursor", office_recipes.RECURSOR, "domain"),
    _silent("kresd", "kresd", "knot-resolver", 5359, "", office_recipes.KRESD, "domain"),
    _silent("dnsdist", "dnsdist", "dnsdist", 5360, "", office_recipes.DNSDIST, "domain"),
    Daemon("ippeveprinter", "ippeveprinter", "cups-ipp-utils", 60000, "Lab Pier 3000", office_recipes.PRINTER, "ipp"),
    Daemon("nnrpd", "/usr/lib/news/bin/nnrpd", "inn2", 119, "INN", office_recipes.NNRPD, "nntp"),
    _silent(
        "gst-rtsp-server",
        "python3",
        "gir1.2-gst-rtsp-server-1.0",
        8554,
        "GStreamer",
        office_recipes.RTSP,
        "rtsp",
        needs_package=True,
    ),
    Daemon(
        "miniupnpd", "miniupnpd", "miniupnpd-nftables", 1900, "MiniUPnPd", office_recipes.UPNP, "upnp", "udp", movable=False
    ),
    _silent("ejabberd", "ejabberdctl", "ejabberd", 5224, "", office_recipes.EJABBERD, "xmpp-client"),
    _silent("znc", "znc", "znc", 6669, "ZNC", office_recipes.ZNC, "http"),
    Daemon("redis-sentinel", "redis-sentinel", "redis-sentinel", 26379, "Redis", office_recipes.SENTINEL, "redis"),
    _silent("php-fpm", "php-fpm8.2", "php8.2-fpm", 9000, "", office_recipes.PHP, "fastcgi"),
    Daemon("ovsdb-server", "ovsdb-server", "openvswitch-common", 6640, "vSwitch", office_recipes.OVSDB, "ovsdb"),
    _silent("glusterd", "glusterd", "glusterfs-server", 24007, "Gluster", office_recipes.GLUSTER, "glusterd"),
    Daemon(
        "icinga2",
        "/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2",
        "icinga2-bin",
        5665,
        "Icinga",
        office_recipes.ICINGA,
        "http",
        tls=True,
    ),
    _silent("ganesha", "ganesha.nfsd", "nfs-ganesha", 2049, "", office_recipes.GANESHA, "nfs"),
    Daemon("searchd", "searchd", "sphinxsearch", 9306, "Sphinx", office_recipes.SEARCHD, "mysql"),
    Daemon("bgpd", "/usr/lib/frr/bgpd", "frr", 2605, "FRRouting", office_recipes.BGPD, "quagga"),
    Daemon("varnish-cli", "varnishd", "varnish", 6082, "Varnish", office_recipes.VARNISH_CLI, "varnish-cli"),
    _silent("aria2", "aria2c", "aria2", 6800, "aria2", office_recipes.ARIA, "http"),
    _silent("radicale", "radicale", "radicale", 5232, "Radicale", office_recipes.RADICALE, "http"),
    Daemon("rspamd", "rspamd", "rspamd", 11334, "spamd", office_recipes.RSPAMD, "http"),
    _silent("bitlbee", "bitlbee", "bitlbee", 6671, "BitlBee", office_recipes.BITLBEE, "irc"),
    _silent("tftpd-hpa", "in.tftpd", "tftpd-hpa", 69, "", office_recipes.TFTPD, "tftp", "udp", movable=False),
    _silent("distccd", "distccd", "distcc", 3632, "distccd", office_recipes.DISTCC, "distccd"),
)
