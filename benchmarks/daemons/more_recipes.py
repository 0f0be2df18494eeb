"""How web servers, brokers, databases, tunnels and machines are set up, each by a recipe."""

from __future__ import annotations

from benchmarks.daemons.recipe import Recipe

CADDY = Recipe(
    "caddy run --adapter caddyfile --config @FOLDER@/Caddyfile",
    {
        "Caddyfile": """\
{
  admin off
  auto_https off
  http_port @PORT@
  https_port 8443
}
http://:@PORT@ {
  respond harbour
}
https://:8443 {
  tls @FOLDER@/tls.crt @FOLDER@/tls.key
  respond harbour
}
"""
    },
    env="HOME=@DATA@",
)
GUNICORN = Recipe(
    "gunicorn --bind 0.0.0.0:@PORT@ --chdir @FOLDER@ --worker-tmp-dir /dev/shm pier:pier",
    {
        "pier.py": """\
def pier(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"pier"]
"""
    },
)
APT_CACHER = Recipe(
    ("apt-cacher-ng ForeGround=1 Port=@PORT@ CacheDir=@DATA@/acng LogDir=@DATA@/acng SupportDir=/usr/lib/apt-cacher-ng"),
    before="mkdir -p @DATA@/acng",
)
TRANSMISSION = Recipe(
    ("transmission-daemon -f -p @PORT@ -g @DATA@/transmission -a *.*.*.* -T --dht --peerport 51413 -w @DATA@"),
    before="mkdir -p @DATA@/transmission",
)
MURMUR = Recipe(
    "murmurd -fg -ini @FOLDER@/murmur.ini",
    {
        "murmur.ini": """\
database=@DATA@/murmur.sqlite
port=@PORT@
uname=
logfile=
bonjour=False
"""
    },
    env="HOME=@DATA@ QT_QPA_PLATFORM=minimal",
)
ACTIVEMQ = Recipe(
    (
        "java -Xmx128m -Dactivemq.home=/usr/share/activemq -Dactivemq.base=@DATA@/activemq "
        "-Dactivemq.conf=@FOLDER@ -Dactivemq.data=@DATA@/activemq -Djava.io.tmpdir=@DATA@ -jar "
        "/usr/share/activemq/bin/activemq.jar start xbean:file:@FOLDER@/activemq.xml"
    ),
    {
        "activemq.xml": """\
<beans xmlns="http://www.springframework.org/schema/beans" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\
 xsi:schemaLocation="http://www.springframework.org/schema/beans\
 http://www.springframework.org/schema/beans/spring-beans.xsd http://activemq.apache.org/schema/core\
 http://activemq.apache.org/schema/core/activemq-core.xsd"><broker xmlns="http://activemq.apache.org/schema/core"\
 brokerName="target" persistent="false" useJmx="false"><transportConnectors><transportConnector name="openwire"\
 uri="tcp://0.0.0.0:@PORT@"/></transportConnectors></broker></beans>
"""
    },
    before="mkdir -p @DATA@/activemq",
)
FIREBIRD = Recipe(
    "firebird -p @PORT@ -e @DATA@/firebird -l @DATA@/firebird",
    before="mkdir -p @DATA@/firebird; cp -r /etc/firebird/3.0/* @DATA@/firebird/ || true",
    env="FIREBIRD_LOCK=@DATA@/firebird FIREBIRD_TMP=@DATA@/firebird",
)
TARANTOOL = Recipe(
    "tarantool @FOLDER@/pier.lua",
    {
        "pier.lua": """\
box.cfg{listen="0.0.0.0:@PORT@", memtx_dir="@DATA@/tarantool", wal_mode="none", vinyl_dir="@DATA@/tarantool",\
 memtx_memory=33554432}
require('fiber').sleep(100000)
"""
    },
    before="mkdir -p @DATA@/tarantool",
)
CLAMD = Recipe(
    "clamd -F -c @FOLDER@/clamd.conf",
    {
        "clamd.conf": """\
TCPSocket @PORT@
TCPAddr 0.0.0.0
DatabaseDirectory @DATA@/clam
Foreground yes
"""
    },
    before="mkdir -p @DATA@/clam; echo 'Pier.Test:0:*:6861746f62616861746f6261' > @DATA@/clam/pier.ndb",
)
SPAMD = Recipe(
    (
        "spamd -L -x -i 0.0.0.0 -p @PORT@ -A 0.0.0.0/0 -m 1 --min-children=1 -s stderr -u nobody -r "
        "@FOLDER@/spamd.pid --siteconfigpath=@FOLDER@/sa"
    ),
    {"sa/local.cf": "use_bayes 0\n"},
    before="cp /etc/spamassassin/*.pre sa/",
    env="HOME=@DATA@",
)
DICTD = Recipe(
    (
        "dictd -d nodetach -d nofork -c @FOLDER@/dictd.conf --port @PORT@ --listen-to 0.0.0.0 --locale C.UTF-8 "
        "--pid-file @FOLDER@/dictd.pid"
    ),
    {
        "dictd.conf": """\
database pier { data @FOLDER@/pier.dict
 index @FOLDER@/pier.index }
""",
        "pier.dict": """\
pier
  a wharf
""",
        "pier.index": "pier\tA\tQ\n",
    },
)
UPSD = Recipe(
    "/lib/nut/upsd -F",
    {
        "nut/upsd.conf": """\
LISTEN 0.0.0.0 @PORT@
ALLOW_NO_DEVICE 1
""",
        "nut/ups.conf": "",
        "nut/upsd.users": "",
        "nut/nut.conf": "MODE=netserver\n",
    },
    before="mkdir -p @DATA@/nut; chmod 777 @DATA@/nut; chmod 755 nut /run/hatoba-lab",
    env="NUT_CONFPATH=@FOLDER@/nut NUT_STATEPATH=@DATA@/nut NUT_ALTPIDPATH=@DATA@/nut",
)
GPSD = Recipe(
    "gpsd -N -G -S @PORT@ -F @FOLDER@/gpsd.sock",
)
MPD = Recipe(
    "mpd --no-daemon @FOLDER@/mpd.conf",
    {
        "mpd.conf": """\
music_directory "@DATA@"
db_file "@DATA@/mpd.db"
bind_to_address "0.0.0.0"
port "@PORT@"
audio_output {
  type "null"
  name "none"
}
"""
    },
)
STORESCP = Recipe(
    "storescp -od @DATA@ @PORT@",
)
SANED = Recipe(
    "saned -l -b 0.0.0.0 -p @PORT@ -e",
    {"sane/saned.conf": "198.18.0.0/24\n", "sane/dll.conf": "test\n"},
    env="SANE_CONFIG_DIR=@FOLDER@/sane",
)
TOMCAT = Recipe(
    (
        "java -Xmx96m -Djava.io.tmpdir=@DATA@ -Dcatalina.home=/usr/share/tomcat10 "
        "-Dcatalina.base=@DATA@/tomcat -cp "
        "/usr/share/tomcat10/bin/bootstrap.jar:/usr/share/tomcat10/bin/tomcat-juli.jar "
        "org.apache.catalina.startup.Bootstrap start"
    ),
    {
        "server.xml": """\
<Server port="-1"><Service name="Catalina"><Connector port="@PORT@" address="0.0.0.0"/><Connector\
 protocol="AJP/1.3" address="0.0.0.0" port="8009" secretRequired="false"/><Engine name="Catalina"\
 defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine></Service></Server>
"""
    },
    before=(
        "mkdir -p @DATA@/tomcat/conf @DATA@/tomcat/webapps @DATA@/tomcat/logs; cp server.xml "
        "@DATA@/tomcat/conf/; cp /etc/tomcat10/web.xml @DATA@/tomcat/conf/"
    ),
)
DERBY = Recipe(
    (
        "java -Xmx64m -Dderby.system.home=@DATA@ -cp "
        "/usr/share/java/derby.jar:/usr/share/java/derbynet.jar:/usr/share/java/derbyclient.jar:"
        "/usr/share/java/derbytools.jar:/usr/share/java/derbyshared.jar "
        "org.apache.derby.drda.NetworkServerControl start -h 0.0.0.0 -p @PORT@ -noSecurityManager"
    ),
)
ZEROMQ = Recipe(
    "/usr/bin/python3 @FOLDER@/pier_zmq.py",
    {
        "pier_zmq.py": """\
import zmq
socket = zmq.Context().socket(zmq.REP)
socket.bind('tcp://0.0.0.0:@PORT@')
while True:
    socket.recv()
    socket.send(b'pier')
"""
    },
)
MODBUS = Recipe(
    "/usr/bin/python3 @FOLDER@/pier_modbus.py",
    {
        "pier_modbus.py": """\
from pymodbus.server import StartTcpServer
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
told = ModbusDeviceIdentification(info_name={'VendorName': 'Lab', 'ProductCode': 'Pier', 'MajorMinorRevision':\
 '3.0.0'})
blocks = ModbusServerContext(slaves=ModbusSlaveContext(hr=ModbusSequentialDataBlock(0, [0] * 9)), single=True)
StartTcpServer(context=blocks, identity=told, address=('0.0.0.0', @PORT@))
"""
    },
)
OPENARENA = Recipe(
    (
        "/usr/games/openarena-server +set dedicated 1 +set net_port @PORT@ +set fs_homepath @DATA@/arena +set "
        "sv_pure 0 +map oa_dm1"
    ),
    env="HOME=@DATA@",
)
PPTPD = Recipe(
    "pptpd -f -c @FOLDER@/pptpd.conf -p @FOLDER@/pptpd.pid",
    {
        "pptpd.conf": """\
option @FOLDER@/pptpd-options
localip 198.18.9.1
remoteip 198.18.9.2-9
""",
        "pptpd-options": "name pptpd\n",
    },
)
PGBOUNCER = Recipe(
    "pgbouncer -u nobody @FOLDER@/pgbouncer.ini",
    {
        "pgbouncer.ini": """\
[databases]
* = host=127.0.0.1
[pgbouncer]
listen_addr = 0.0.0.0
listen_port = @PORT@
auth_type = any
unix_socket_dir =
"""
    },
)
RTMP = Recipe(
    "nginx -c @FOLDER@/rtmp.conf",
    {
        "rtmp.conf": """\
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so; daemon off; pid @FOLDER@/rtmp.pid; error_log stderr;
events { }
rtmp { server { listen @PORT@; application live { live on; } } }
"""
    },
)
KAMAILIO = Recipe(
    "kamailio -DD -E -f @FOLDER@/kamailio.cfg -Y @FOLDER@ -w @FOLDER@ -m 32",
    {
        "kamailio.cfg": """\
listen=udp:198.18.0.2:@PORT@
listen=tcp:198.18.0.2:@PORT@
children=1
loadmodule "sl.so"
request_route {
  sl_send_reply("200", "OK");
}
"""
    },
)
INSPIRCD = Recipe(
    "inspircd --nofork --runasroot --config=@FOLDER@/inspircd.conf",
    {
        "inspircd.conf": """\
<server name="irc.target.lab" description="lab" network="lab">
<bind address="0.0.0.0" port="@PORT@" type="clients">
<admin name="lab" nick="lab" email="lab@target.lab">
<connect allow="*">
<pid file="@FOLDER@/inspircd.pid">
<path datadir="@DATA@" logdir="@DATA@">
"""
    },
)
DANTE = Recipe(
    "danted -f @FOLDER@/danted.conf -p @FOLDER@/danted.pid -N 1",
    {
        "danted.conf": """\
logoutput: stderr
internal: 0.0.0.0 port = @PORT@
external: eth0
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: nobody
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks block { from: 0.0.0.0/0 to: 0.0.0.0/0 }
"""
    },
)
KDC = Recipe(
    "krb5kdc -n -P @FOLDER@/kdc.pid",
    {
        "krb5.conf": """\
[libdefaults]
default_realm = LAB.TEST
[realms]
LAB.TEST = {
kdc = 198.18.0.2
}
[logging]
kdc = STDERR
""",
        "kdc.conf": """\
[kdcdefaults]
kdc_ports = @PORT@
kdc_tcp_ports = @PORT@
[realms]
LAB.TEST = {
database_name = @FOLDER@/kdb
key_stash_file = @FOLDER@/stash
}
""",
    },
    before=("export KRB5_CONFIG=@FOLDER@/krb5.conf KRB5_KDC_PROFILE=@FOLDER@/kdc.conf; kdb5_util create -s -P lab -r LAB.TEST"),
    env="KRB5_CONFIG=@FOLDER@/krb5.conf KRB5_KDC_PROFILE=@FOLDER@/kdc.conf",
)
RMI = Recipe(
    "rmiregistry -J-Xmx32m -J-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005 @PORT@",
)
ZOOKEEPER = Recipe(
    ("java -Xmx64m -cp @FOLDER@:/usr/share/java/* org.apache.zookeeper.server.quorum.QuorumPeerMain @FOLDER@/zoo.cfg"),
    {
        "zoo.cfg": """\
dataDir=@DATA@/zookeeper
clientPort=@PORT@
admin.enableServer=false
4lw.commands.whitelist=srvr
"""
    },
    before="mkdir -p @DATA@/zookeeper",
)
XL2TPD = Recipe(
    "xl2tpd -D -c @FOLDER@/xl2tpd.conf -p @FOLDER@/xl2tpd.pid -C @FOLDER@/xl2tpd.control",
    {
        "xl2tpd.conf": """\
[global]
port = @PORT@
access control = no
[lns default]
ip range = 198.18.1.1-198.18.1.9
local ip = 198.18.1.10
"""
    },
)
CHARON = Recipe(
    "/usr/lib/ipsec/charon",
    {
        "strongswan.conf": """\
charon {
  filelog { words { path = /dev/stdout } }
}
"""
    },
    env="STRONGSWAN_CONF=@FOLDER@/strongswan.conf",
)
COAP = Recipe(
    "coap-server-notls -p @PORT@",
)
AVAHI = Recipe(
    "avahi-daemon --no-drop-root --no-rlimits --no-chroot -f @FOLDER@/avahi.conf",
    {
        "avahi.conf": """\
[server]
enable-dbus=no
host-name=target
[publish]
publish-workstation=yes
"""
    },
)
_TUNNEL = (
    "openvpn --dev tun --port @PORT@ --ca @FOLDER@/tls.crt --cert @FOLDER@/tls.crt --key @FOLDER@/tls.key --dh none --verb 1"
)
OPENVPN = Recipe(f"{_TUNNEL} --proto udp4 --server 198.18.8.0 255.255.255.0")
OPENVPN_STREAM = Recipe(f"{_TUNNEL} --proto tcp4-server --server 198.18.9.0 255.255.255.0")
MEMCACHED_UDP = Recipe(
    "memcached -u nobody -p 0 -U @PORT@",
)
