"""How servers of offices and of clusters are set up, each by a recipe: names, printers, news, media, sign-on, management."""

from __future__ import annotations

from benchmarks.daemons.recipe import Recipe

PDNS = Recipe(
    "pdns_server --config-dir=@FOLDER@/pdns --daemon=no --guardian=no",
    {
        "pdns/pdns.conf": """\
launch=bind
bind-config=@FOLDER@/pdns/named.conf
module-dir=/usr/lib/x86_64-linux-gnu/pdns
local-address=198.18.0.2
local-port=@PORT@
socket-dir=@FOLDER@/pdns
""",
        "pdns/named.conf": "",
    },
)
RECURSOR = Recipe(
    "pdns_recursor --config-dir=@FOLDER@/recursor --daemon=no --disable-syslog",
    {
        "recursor/recursor.conf": """\
local-address=198.18.0.2
local-port=@PORT@
allow-from=198.18.0.0/24
socket-dir=@FOLDER@/recursor
threads=1
security-poll-suffix=
""",
    },
)
KRESD = Recipe(
    "kresd -n -c @FOLDER@/kresd.conf @DATA@/kresd",
    {
        "kresd.conf": """\
net.listen('198.18.0.2', @PORT@, { kind = 'dns' })
cache.size = 10 * MB
trust_anchors.remove('.')
"""
    },
    before="mkdir -p @DATA@/kresd",
)
DNSDIST = Recipe(
    "dnsdist --supervised --disable-syslog -C @FOLDER@/dnsdist.conf",
    {
        "dnsdist.conf": """\
setLocal('198.18.0.2:@PORT@')
setACL({'198.18.0.0/24'})
setSecurityPollSuffix('')
addAction(AllRule(), RCodeAction(DNSRCode.REFUSED))
"""
    },
)
PRINTER = Recipe(
    "unshare -m sh @FOLDER@/printer.sh",
    {
        # It tells the network of itself through avahi or not at all, and wants a name with an address of each family.
        "printer.sh": """\
set -e
mkdir -p /run/avahi-daemon
mount -t tmpfs -o mode=777 none /run/avahi-daemon
mount --bind @FOLDER@/hosts /etc/hosts
ip address add fd00:18::2/64 dev eth0 nodad
dbus-daemon --config-file=@FOLDER@/bus.conf --fork --nopidfile
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=@FOLDER@/bus
avahi-daemon --no-drop-root --no-rlimits --no-chroot -f @FOLDER@/printer-avahi.conf &
until test -e /run/avahi-daemon/socket; do sleep 0.05; done
exec ippeveprinter -p @PORT@ -a @FOLDER@/printer.attributes -l 'on the pier' \\
 -d @DATA@/spool -n printer.target.lab -c /bin/true Pier
""",
        "printer.attributes": """\
ATTR text printer-make-and-model "Lab Pier 3000"
ATTR name printer-firmware-name "pierware"
ATTR text printer-firmware-string-version "PACKAGE"
""",
        "hosts": """\
198.18.0.2 printer.target.lab
fd00:18::2 printer.target.lab
""",
        "bus.conf": """\
<busconfig><type>system</type><listen>unix:path=@FOLDER@/bus</listen><auth>EXTERNAL</auth><policy context="default">
<allow own="*"/><allow send_type="*"/><allow receive_type="*"/><allow user="*"/></policy></busconfig>
""",
        "printer-avahi.conf": """\
[server]
enable-dbus=yes
host-name=printer
""",
    },
    before=(
        "mkdir -p @DATA@/spool; said=$(dpkg-query -W -f='${Version}' cups-ipp-utils);"
        ' sed -i "s/PACKAGE/${said%%-*}/" printer.attributes'
    ),
)
NNRPD = Recipe(
    "/usr/lib/news/bin/nnrpd -D -f -p @PORT@",
    {
        "inn.conf": """\
domain: target.lab
pathhost: news.target.lab
mta: "/bin/true"
ovmethod: tradindexed
hismethod: hisv6
pathnews: /usr/lib/news
pathrun: /run/news
pathspool: @DATA@/news
pathdb: @DATA@/news
patharchive: @DATA@/news
patharticles: @DATA@/news
pathoverview: @DATA@/news
pathetc: @FOLDER@/news
""",
        "news/storage.conf": """\
method tradspool {
  newsgroups: *
  class: 0
}
""",
        "news/readers.conf": """\
auth all {
  default: "<pier>"
}
access all {
  users: "<pier>"
  newsgroups: "*"
}
""",
    },
    before=(
        "mkdir -p /run/news @DATA@/news; touch @DATA@/news/group.index @DATA@/news/active; chown -R news: /run/news @DATA@/news"
    ),
    env="INNCONF=@FOLDER@/inn.conf",
)
RTSP = Recipe(
    "/usr/bin/python3 @FOLDER@/pier_rtsp.py",
    {
        "pier_rtsp.py": """\
import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer(address='0.0.0.0', service='@PORT@')
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch('( videotestsrc ! rtpvrawpay name=pay0 )')
server.get_mount_points().add_factory('/pier', factory)
server.attach(None)
GLib.MainLoop().run()
"""
    },
    env="HOME=@DATA@",
)
EJABBERD = Recipe(
    "ejabberdctl --no-timeout --config-dir @FOLDER@/ejabberd --spool @DATA@/ejabberd/db --logs @DATA@/ejabberd foreground",
    {
        "ejabberd/ejabberd.yml": """\
hosts: [target.lab]
loglevel: warning
certfiles: ["@FOLDER@/tls.pem"]
listen:
  - port: @PORT@
    ip: "0.0.0.0"
    module: ejabberd_c2s
    starttls: true
""",
    },
    before="mkdir -p @DATA@/ejabberd/db; chmod -R 777 @DATA@/ejabberd",
    env="HOME=@DATA@ ERL_EPMD_PORT=4370",
)
ZNC = Recipe(
    "setpriv --reuid=65534 --regid=65534 --clear-groups znc -f -d @DATA@/znc",
    {
        "znc.conf": """\
Version = 1.8.2
<Listener pier>
  Port = @PORT@
  IPv4 = true
  IPv6 = false
  SSL = false
</Listener>
<User pier>
  Admin = true
  Pass = plain#pier
</User>
"""
    },
    before="mkdir -p @DATA@/znc/configs; cp znc.conf @DATA@/znc/configs/; chmod -R 777 @DATA@/znc",
)
SENTINEL = Recipe(
    "redis-sentinel @FOLDER@/sentinel.conf",
    {
        "sentinel.conf": """\
bind 0.0.0.0
port @PORT@
protected-mode no
dir @FOLDER@
"""
    },
)
PHP = Recipe(
    "php-fpm8.2 -F -R -O -n -y @FOLDER@/fpm.conf",
    {
        "fpm.conf": """\
[global]
error_log = /dev/stderr
[pier]
user = root
group = root
listen = 0.0.0.0:@PORT@
pm = static
pm.max_children = 1
"""
    },
)
OVSDB = Recipe(
    "ovsdb-server @FOLDER@/ovs.db --remote=ptcp:@PORT@ --no-chdir --pidfile=@FOLDER@/ovs.pid --unixctl=@FOLDER@/ovs.ctl",
    before=(
        "said=$(ovsdb-server --version | sed -n '1s/.* //p'); "
        "ovsdb-tool create ovs.db /usr/share/openvswitch/vswitch.ovsschema; "
        """ovsdb-tool transact ovs.db "[\\"Open_vSwitch\\", {\\"op\\": \\"insert\\", \\"table\\": \\"Open_vSwitch\\", """
        '''\\"row\\": {\\"ovs_version\\": \\"$said\\"}}]"'''
    ),
)
GLUSTER = Recipe(
    "glusterd -N -f @FOLDER@/glusterd.vol -l - -p @FOLDER@/glusterd.pid",
    {
        "glusterd.vol": """\
volume management
  type mgmt/glusterd
  option working-directory @DATA@/glusterd
  option run-directory @FOLDER@/glusterd-run
  option transport-type socket
  option transport.socket.listen-port @PORT@
end-volume
"""
    },
    before="mkdir -p @DATA@/glusterd glusterd-run",
)
ICINGA = Recipe(
    "/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2 daemon -c @FOLDER@/icinga/icinga2.conf"
    " -D Configuration.DataDir=@DATA@/icinga -D Configuration.LogDir=@DATA@/icinga -D Configuration.CacheDir=@DATA@/icinga"
    " -D Configuration.SpoolDir=@DATA@/icinga -D Configuration.InitRunDir=@DATA@/icinga"
    " -D Configuration.PidPath=@DATA@/icinga/pid"
    " -D Configuration.ConfigDir=@FOLDER@/icinga -D Configuration.RunAsUser=root -D Configuration.RunAsGroup=root",
    {
        "icinga/icinga2.conf": """\
const NodeName = "target.lab"
object Endpoint NodeName { }
object Zone NodeName { endpoints = [ NodeName ] }
object ApiListener "api" { bind_host = "0.0.0.0", bind_port = @PORT@ }
"""
    },
    before=(
        "mkdir -p @DATA@/icinga/certs; cp tls.crt @DATA@/icinga/certs/target.lab.crt; "
        " cp tls.key @DATA@/icinga/certs/target.lab.key;"
        " cp tls.crt @DATA@/icinga/certs/ca.crt"
    ),
)
GANESHA = Recipe(
    "ganesha.nfsd -F -L STDERR -f @FOLDER@/ganesha.conf -p @FOLDER@/ganesha.pid -N EVENT",
    {
        "ganesha.conf": """\
NFS_CORE_PARAM { Protocols = 4; NFS_Port = @PORT@; Enable_NLM = false; Enable_RQUOTA = false; Bind_addr = 198.18.0.2; }
NFSv4 { Grace_Period = 5; RecoveryRoot = @DATA@/ganesha; RecoveryBackend = fs; Graceless = true; }
"""
    },
    before="mkdir -p @DATA@/ganesha /run/ganesha",
)
SEARCHD = Recipe(
    "searchd --nodetach -c @FOLDER@/sphinx.conf",
    {
        "sphinx.conf": """\
index pier
{
  type = rt
  path = @DATA@/sphinx/pier
  rt_field = words
  rt_attr_uint = berths
}
searchd
{
  listen = 0.0.0.0:@PORT@:mysql41
  log = /dev/stderr
  pid_file = @FOLDER@/searchd.pid
  binlog_path =
  workers = threads
}
"""
    },
    before="mkdir -p @DATA@/sphinx",
)
BGPD = Recipe(
    "/usr/lib/frr/bgpd -f @FOLDER@/bgpd.conf -A 198.18.0.2 -P @PORT@ -p 0 -n -S -i @FOLDER@/bgpd.pid --vty_socket @FOLDER@"
    " -z @FOLDER@/zserv.api",
    {"bgpd.conf": "hostname pier\npassword pier\n"},
)
VARNISH_CLI = Recipe("varnishd -F -a :6088 -b 127.0.0.1:81 -n @DATA@/varnish-cli -s malloc,10m -T 0.0.0.0:@PORT@ -S none")
ARIA = Recipe("aria2c --no-conf --enable-rpc --rpc-listen-all --rpc-listen-port=@PORT@ --dir=@DATA@ --enable-dht=false")
RADICALE = Recipe(
    "radicale --config '' --server-hosts 0.0.0.0:@PORT@ --storage-filesystem-folder @DATA@/radicale --auth-type none"
)
RSPAMD = Recipe(
    "rspamd -f -i -c @FOLDER@/rspamd.conf",
    {
        "rspamd.conf": """\
options { pidfile = "@FOLDER@/rspamd.pid"; temp_dir = "@DATA@"; cache_file = "@DATA@/rspamd.cache"; url_tld =
"/usr/share/rspamd/effective_tld_names.dat"; filters = ""; }
logging { type = "console"; level = "warning"; }
worker "controller" { bind_socket = "0.0.0.0:@PORT@"; count = 1; secure_ip = "127.0.0.1"; password = "pier"; }
"""
    },
    before="mkdir -p @DATA@/rspamd",
)
BITLBEE = Recipe(
    "bitlbee -n -F -i 0.0.0.0 -p @PORT@ -c @FOLDER@/bitlbee.conf -d @DATA@/bitlbee -P @FOLDER@/bitlbee.pid",
    {"bitlbee.conf": "[settings]\nRunMode = ForkDaemon\nHostName = irc.target.lab\n"},
    before="mkdir -p @DATA@/bitlbee",
)
TFTPD = Recipe("in.tftpd -L -a 198.18.0.2:@PORT@ -s @FOLDER@/tftp", before="mkdir -p tftp")
DISTCC = Recipe(
    "distccd --no-detach --daemon -p @PORT@ --listen 0.0.0.0 --allow 198.18.0.0/24 --log-stderr --log-level warning -j 2"
    " --enable-tcp-insecure",
    env="TMPDIR=@DATA@",
)
UPNP = Recipe(
    "miniupnpd -d -f @FOLDER@/miniupnpd.conf -P @FOLDER@/miniupnpd.pid",
    {
        "miniupnpd.conf": """\
ext_ifname=lo
ext_ip=198.20.0.1
listening_ip=eth0
port=5001
uuid=00000000-0000-4000-8000-686174f62611
"""
    },
)
