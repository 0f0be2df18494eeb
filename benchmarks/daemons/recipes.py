"""How name servers, clusters, monitors and inetd's own are set up, each by a recipe."""

from __future__ import annotations

from benchmarks.daemons.recipe import Recipe

KNOT = Recipe(
    "knotd -c @FOLDER@/knot.conf",
    {
        "knot.conf": """\
server:
    listen: 0.0.0.0@@PORT@
    rundir: "@DATA@/knot"
    user: root:root
database:
    storage: "@DATA@/knot"
log:
  - target: stderr
    any: info
"""
    },
    before="mkdir -p @DATA@/knot",
)
NSD = Recipe(
    "nsd -d -c @FOLDER@/nsd.conf",
    {
        "nsd.conf": """\
server:
  ip-address: 0.0.0.0
  port: @PORT@
  username: ""
  chroot: ""
  pidfile: ""
  database: ""
  zonelistfile: "@DATA@/nsd/zones"
  xfrdfile: ""
  zonesdir: "@DATA@/nsd"
  logfile: ""
remote-control:
  control-enable: no
"""
    },
    before="mkdir -p @DATA@/nsd",
)
COTURN = Recipe(
    (
        "turnserver -n -L 198.18.0.2 -p @PORT@ --no-tls --no-dtls --no-cli --log-file stdout --pidfile "
        "@FOLDER@/turn.pid --userdb @DATA@/turndb --no-auth"
    ),
)
NATS = Recipe(
    "nats-server -a 0.0.0.0 -p @PORT@",
)
ETCD = Recipe(
    (
        "etcd --data-dir @DATA@/etcd --listen-client-urls http://0.0.0.0:@PORT@ --advertise-client-urls "
        "http://198.18.0.2:@PORT@ --listen-peer-urls http://127.0.0.1:2380"
    ),
)
INFLUXDB = Recipe(
    "influxd run -config @FOLDER@/influxdb.conf",
    {
        "influxdb.conf": """\
reporting-disabled = true
bind-address = "127.0.0.1:8096"
[meta]
  dir = "@DATA@/influx/meta"
[data]
  dir = "@DATA@/influx/data"
  wal-dir = "@DATA@/influx/wal"
[http]
  bind-address = ":@PORT@"
"""
    },
)
PROMETHEUS = Recipe(
    ("prometheus --config.file=@FOLDER@/prometheus.yml --web.listen-address=:@PORT@ --storage.tsdb.path=@DATA@/prometheus"),
    {"prometheus.yml": "scrape_configs: []\n"},
)
NODE_EXPORTER = Recipe(
    "prometheus-node-exporter --web.listen-address=:@PORT@",
)
TGT = Recipe(
    (
        'sh -c "tgtd -f --iscsi portal=0.0.0.0:@PORT@ & until tgtadm --op new --mode target --tid 1 -T '
        'iqn.2026-01.lab.target:disk; do sleep 0.1; done; tgtadm --op bind --mode target --tid 1 -I ALL; wait"'
    ),
    before="mkdir -p /run/tgtd",
)
INETD = Recipe(
    "inetutils-inetd -d @FOLDER@/inetd.conf",
    {
        "inetd.conf": """\
@PORT@ stream tcp nowait root /usr/sbin/telnetd telnetd
79 stream tcp nowait nobody /usr/sbin/in.fingerd in.fingerd
70 stream tcp nowait nobody /usr/sbin/gophernicus gophernicus -h target.lab -r @FOLDER@/quay
echo stream tcp nowait root internal
daytime stream tcp nowait root internal
chargen stream tcp nowait root internal
"""
    },
    before="mkdir -p quay; chmod 755 quay",
)
OIDENTD = Recipe(
    "oidentd -i -S -p @PORT@ -u root -g root",
)
MINIDLNA = Recipe(
    "minidlnad -S -f @FOLDER@/minidlna.conf -P @FOLDER@/minidlna.pid",
    {
        "minidlna.conf": """\
media_dir=@FOLDER@/media
db_dir=@DATA@/minidlna
log_dir=@DATA@/minidlna
port=@PORT@
network_interface=eth0
friendly_name=target
inotify=no
"""
    },
    before="mkdir -p media @DATA@/minidlna",
)
BIRD = Recipe(
    "bird -f -c @FOLDER@/bird.conf -s @FOLDER@/bird.ctl",
    {
        "bird.conf": """\
router id 198.18.0.2;
protocol device {}
protocol bgp peers {
  local 198.18.0.2 as 65001;
  neighbor range 198.18.0.0/24 external;
  passive on;
  ipv4 { import none; export none; };
}
"""
    },
)
PODMAN = Recipe(
    (
        "podman --root @DATA@/podman --runroot @DATA@/podman-run --cgroup-manager=cgroupfs "
        "--storage-driver=vfs system service -t 0 tcp://0.0.0.0:@PORT@"
    ),
    env="HOME=@FOLDER@ TMPDIR=@DATA@ XDG_RUNTIME_DIR=@FOLDER@",
)
VARNISH = Recipe(
    "varnishd -F -a :@PORT@ -b 127.0.0.1:81 -n @DATA@/varnish -s malloc,10m -T none",
)
HAPROXY = Recipe(
    "haproxy -db -f @FOLDER@/haproxy.cfg",
    {
        "haproxy.cfg": """\
defaults
  mode http
  timeout client 20s
  timeout server 20s
  timeout connect 5s
frontend web
  bind 0.0.0.0:@PORT@
  default_backend none
backend none
"""
    },
)
NBD = Recipe(
    'sh -c "nbd-server -C @FOLDER@/nbd.conf -p @FOLDER@/nbd.pid; exec sleep infinity"',
    {
        "nbd.conf": """\
[generic]
port = @PORT@
allowlist = true
[disk]
exportname = @FOLDER@/disk
readonly = true
""",
        "disk": "x" * 4096,
    },
)
GEARMAN = Recipe(
    "gearmand --listen=0.0.0.0 --port=@PORT@ --log-file=stderr --file-descriptors=256",
)
ZABBIX = Recipe(
    "zabbix_agentd -f -c @FOLDER@/zabbix.conf",
    {
        "zabbix.conf": """\
Server=0.0.0.0/0
ListenPort=@PORT@
LogType=console
AllowRoot=1
PidFile=@FOLDER@/zabbix.pid
"""
    },
)
MUNIN = Recipe(
    "munin-node --config @FOLDER@/munin.conf --foreground",
    {
        "munin.conf": """\
log_file @FOLDER@/munin.log
pid_file @FOLDER@/munin.pid
background 0
setsid 0
user root
group root
host_name target.lab
allow ^.*$
host *
port @PORT@
"""
    },
)
NRPE = Recipe(
    "nrpe -c @FOLDER@/nrpe.cfg -f",
    {
        "nrpe.cfg": """\
server_port=@PORT@
server_address=0.0.0.0
nrpe_user=nobody
nrpe_group=nogroup
allowed_hosts=198.18.0.0/24
pid_file=@FOLDER@/nrpe.pid
"""
    },
)
VTUN = Recipe(
    "vtund -s -n -P @PORT@ -f @FOLDER@/vtund.conf",
    {
        "vtund.conf": """\
options { type stand; }
lab { passwd lab; type tty; }
"""
    },
    before="mkdir -p /run/lock/vtund",
)
PRIVOXY = Recipe(
    "privoxy --no-daemon @FOLDER@/privoxy.conf",
    {
        "privoxy.conf": """\
listen-address 0.0.0.0:@PORT@
logdir @DATA@
logfile privoxy.log
confdir /etc/privoxy
"""
    },
)
MINI_HTTPD = Recipe(
    "mini_httpd -D -p @PORT@ -d @FOLDER@/media -i @FOLDER@/mini.pid -u root",
    before="mkdir -p media; chmod 755 media",
)
