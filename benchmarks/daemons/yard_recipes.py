"""How servers of sound, measurement and monitoring, and multiplexers are set up, each by a recipe."""

from __future__ import annotations

from benchmarks.daemons.recipe import Recipe

IPERF = Recipe("iperf3 -s -p @PORT@")
_PULSE = "pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no -L 'module-native-protocol-tcp port=@PORT@{}'"
PULSE = Recipe(
    _PULSE.format(" auth-anonymous=1"),
    env="HOME=@DATA@/pulse XDG_RUNTIME_DIR=@DATA@/pulse",
    before="mkdir -p -m 700 @DATA@/pulse",
)
DELUGED = Recipe(
    "deluged -d -c @DATA@/deluged -p @PORT@ -u 198.18.0.2",
    # Its search for gateways would share the port of UPnP with miniupnpd.
    {"deluged.conf": '{"file": 1, "format": 1}{"upnp": false, "natpmp": false, "lsd": false, "dht": false}\n'},
    env="HOME=@DATA@",
    before="mkdir -p @DATA@/deluged; cp deluged.conf @DATA@/deluged/core.conf",
)
KEA = Recipe(
    "kea-ctrl-agent -c @FOLDER@/kea.conf",
    {"kea.conf": '{"Control-agent": {"http-host": "198.18.0.2", "http-port": @PORT@}}\n'},
    env="KEA_PIDFILE_DIR=@DATA@ KEA_LOCKFILE_DIR=@DATA@",
)
SSLH = Recipe(
    "sh @FOLDER@/sslh.sh",
    {
        "sslh.sh": """\
dropbear -F -E -p 127.0.0.1:@PORT@ -r @FOLDER@/sslh.key -P @FOLDER@/sslh-dropbear.pid &
openssl s_server -quiet -www -accept 127.0.0.2:@PORT@ -cert @FOLDER@/tls.crt -key @FOLDER@/tls.key &
python3 -m http.server --bind 127.0.0.3 --directory @FOLDER@/quay @PORT@ &
exec sslh -f -u nobody -p 198.18.0.2:@PORT@ --ssh 127.0.0.1:@PORT@ --tls 127.0.0.2:@PORT@ --http 127.0.0.3:@PORT@
"""
    },
    before="mkdir -p quay; test -e sslh.key || dropbearkey -t ed25519 -f sslh.key",
)
NGINX_PROXY = Recipe(
    "nginx -c @FOLDER@/nginx-proxied.conf",
    {
        "nginx-proxied.conf": """\
daemon off; pid @FOLDER@/nginx-proxied.pid; error_log stderr;
events { }
http {
  access_log off; client_body_temp_path @FOLDER@/p1; proxy_temp_path @FOLDER@/p2; fastcgi_temp_path @FOLDER@/p3;
  uwsgi_temp_path @FOLDER@/p4; scgi_temp_path @FOLDER@/p5;
  server { listen @PORT@ proxy_protocol; return 404; }
  server { listen 8447 ssl proxy_protocol; ssl_certificate @FOLDER@/tls.crt; ssl_certificate_key @FOLDER@/tls.key; return 404; }
}
"""
    },
)
HAPROXY_PROXY = Recipe(
    "haproxy -db -f @FOLDER@/haproxy-proxied.cfg",
    {
        "haproxy-proxied.cfg": """\
defaults
  mode http
  timeout client 20s
  timeout server 20s
  timeout connect 5s
frontend web
  bind 0.0.0.0:@PORT@ accept-proxy
  default_backend none
backend none
"""
    },
)
OPENOCD = Recipe(
    "openocd -c 'adapter driver dummy' -c 'bindto 198.18.0.2' -c 'telnet_port 4444' -c 'tcl_port @PORT@' -c 'gdb_port disabled'"
    " -c 'adapter speed 100' -c 'transport select jtag' -c init"
)
SNAPSERVER = Recipe(
    "snapserver -c @FOLDER@/snapserver.conf",
    {
        "snapserver.conf": """\
[server]
datadir = @DATA@/snap
[http]
enabled = true
port = 1780
[tcp]
port = @PORT@
[stream]
port = 1704
source = pipe:///@DATA@/snap/fifo?name=default
"""
    },
    before="mkdir -p @DATA@/snap",
)
GMOND = Recipe(
    "gmond -f -c @FOLDER@/gmond.conf",
    {
        "gmond.conf": """\
globals { daemonize = no setuid = no mute = no deaf = no }
cluster { name = "quay" }
tcp_accept_channel { port = @PORT@ }
"""
    },
)
CICAP = Recipe(
    "c-icap -N -D -f @FOLDER@/c-icap.conf",
    {
        "c-icap.conf": """\
PidFile @FOLDER@/c-icap.pid
CommandsSocket @FOLDER@/c-icap.ctl
Port @PORT@
TmpDir @DATA@
ServerLog @FOLDER@/c-icap-server.log
StartServers 1
ServicesDir /usr/lib/x86_64-linux-gnu/c_icap
ModulesDir /usr/lib/x86_64-linux-gnu/c_icap
Service echo srv_echo.so
"""
    },
)
OPENDKIM = Recipe(
    "opendkim -f -x @FOLDER@/opendkim.conf -p inet:@PORT@@198.18.0.2",
    {"opendkim.conf": "Mode v\nUserID root\nSyslog no\nPidFile @FOLDER@/opendkim.pid\n"},
)
POSTGREY = Recipe(
    "postgrey --inet=198.18.0.2:@PORT@ --dbdir=@DATA@/postgrey --user=root --group=root", before="mkdir -p @DATA@/postgrey"
)
ZABBIX_PROXY = Recipe(
    "zabbix_proxy -f -c @FOLDER@/zabbix-proxy.conf",
    {
        "zabbix-proxy.conf": """\
Server=198.18.0.1
Hostname=quay
DBName=@DATA@/zabbix.db
LogType=console
AllowRoot=1
ProxyMode=1
ListenPort=@PORT@
PidFile=@FOLDER@/zabbix-proxy.pid
SocketDir=@DATA@
StatsAllowedIP=198.18.0.0/24
StartPingers=0
StartDiscoverers=0
"""
    },
)
CVS = Recipe(
    "inetutils-inetd -d @FOLDER@/cvs-inetd.conf",
    {"cvs-inetd.conf": "@PORT@ stream tcp nowait root /usr/bin/cvs cvs -f --allow-root=@FOLDER@/cvs pserver\n"},
)
OWSERVER = Recipe("owserver --foreground --fake DS18B20 -p @PORT@")
NGHTTPX = Recipe("nghttpx --frontend=0.0.0.0,@PORT@;no-tls --backend=127.0.0.1,81 --workers=1")
DARKSTAT = Recipe("darkstat -i lo -p @PORT@ --no-daemon --no-promisc --no-dns --user root --chroot @DATA@")
USBIP = Recipe("usbipd -4 -t @PORT@")
WEBSOCKIFY = Recipe("websockify @PORT@ 127.0.0.1:5900")
THIN = Recipe(
    "thin -a 198.18.0.2 -p @PORT@ -R @FOLDER@/thin.ru start",
    {"thin.ru": "run lambda { |env| [200, {'Content-Type' => 'text/plain'}, ['quay']] }\n"},
)
HG = Recipe("hg serve -a 198.18.0.2 -p @PORT@ -R @DATA@/hg", before="test -d @DATA@/hg || hg init @DATA@/hg", env="HOME=@DATA@")
NETDATA = Recipe(
    "netdata -D -c @FOLDER@/netdata.conf -p @PORT@",
    {
        "netdata.conf": """\
[global]
run as user = root
[directories]
cache = @DATA@/netdata
lib = @DATA@/netdata
log = @DATA@/netdata
[plugins]
enable running new plugins = no
[web]
bind to = 198.18.0.2
"""
    },
    before="mkdir -p @DATA@/netdata",
)
WEBFS = Recipe("webfsd -F -p @PORT@ -r @FOLDER@/quay", before="mkdir -p quay")
H2O = Recipe(
    "h2o -c @FOLDER@/h2o.conf",
    {
        "h2o.conf": """\
user: root
listen:
  port: @PORT@
hosts:
  default:
    paths:
      /:
        file.dir: @FOLDER@/quay
"""
    },
    before="mkdir -p quay",
)
WAITRESS = Recipe(
    "/usr/bin/python3 @FOLDER@/waitress_server.py",
    {
        "waitress_server.py": """\
import waitress
def application(env, start):
    start('200 OK', [('Content-Type', 'text/plain')])
    return [b'quay']
waitress.serve(application, listen='198.18.0.2:@PORT@')
"""
    },
)
SPICE = Recipe(
    "qemu-system-x86_64 -S -nodefaults -machine none -accel tcg -spice port=@PORT@,addr=198.18.0.2,disable-ticketing=on"
)
