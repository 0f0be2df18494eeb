"""How the daemons of ``services`` are set up: each writes its files on a host and gives its command line."""

from __future__ import annotations

from collections.abc import Sequence

from hatoba.lab import Host, LabError


def sshd(host: Host, port: int) -> Sequence[str]:
    make_keys(host)
    config = host.write(
        "sshd.conf", f"Port {port}\nHostKey {folder_of(host)}/rsa.key\nPidFile none\nUsePAM no\nStrictModes no\n"
    )
    host.run(["mkdir", "-p", "/run/sshd"])
    return ["/usr/sbin/sshd", "-D", "-e", "-f", str(config)]


def folder_of(host: Host) -> str:
    return str(host.write("here", "").parent)


def data_folder(host: Host) -> str:
    """A folder for what is too large for the lab's own memory; it is in memory, too, and goes with the host."""
    folder = f"{folder_of(host)}/data"
    if host.run(["mountpoint", "-q", folder]).returncode:
        host.run(["sh", "-c", f"mkdir -p {folder} && mount -t tmpfs -o size=512m,mode=777 none {folder}"])
    return folder


def make_keys(host: Host) -> None:
    """A host key for SSH, and a certificate with its key for TLS, once for all."""
    folder = folder_of(host)
    if host.run(["test", "-e", f"{folder}/tls.pem"]).returncode == 0:
        return
    host.run(["chmod", "755", folder, "/run/hatoba-lab"])
    host.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", f"{folder}/rsa.key"])
    subject = "/CN=target.lab/O=hatoba lab"
    made = host.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", subject),
            *("-addext", "subjectAltName=DNS:target.lab,DNS:*.target.lab,IP:198.18.0.2"),
            *("-keyout", f"{folder}/tls.key", "-out", f"{folder}/tls.crt"),
        ]
    )
    if made.returncode:
        raise LabError(made.stderr)
    host.run(["sh", "-c", f"cat {folder}/tls.key {folder}/tls.crt > {folder}/tls.pem; chmod 644 {folder}/tls.*"])


def dropbear(host: Host, port: int) -> Sequence[str]:
    folder = folder_of(host)
    host.run(["dropbearkey", "-t", "ed25519", "-f", f"{folder}/dropbear.key"])
    return ["dropbear", "-F", "-E", "-p", str(port), "-r", f"{folder}/dropbear.key", "-P", f"{folder}/dropbear.pid"]


def vsftpd(host: Host, port: int) -> Sequence[str]:
    host.run(["mkdir", "-p", "/run/vsftpd/empty"])
    config = host.write(
        "vsftpd.conf",
        f"listen=YES\nlisten_port={port}\nanonymous_enable=NO\nlocal_enable=YES\nbackground=NO\nseccomp_sandbox=NO\n",
    )
    return ["vsftpd", str(config)]


def dovecot(host: Host, _port: int) -> Sequence[str]:
    make_keys(host)
    folder = folder_of(host)
    config = host.write(
        "dovecot.conf",
        f"""\
base_dir = {folder}/dovecot
protocols = imap pop3
ssl = yes
ssl_cert = <{folder}/tls.crt
ssl_key = <{folder}/tls.key
log_path = /dev/stderr
login_greeting = Dovecot (Debian) ready.
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home=/tmp
}}
""",
    )
    return ["dovecot", "-F", "-c", str(config)]


def nginx(host: Host, port: int) -> Sequence[str]:
    make_keys(host)
    folder = folder_of(host)
    page = host.write("www/index.html", "<html><head><title>Welcome to the lab</title></head></html>")
    config = host.write(
        "nginx.conf",
        f"""\
daemon off; pid {folder}/nginx.pid; error_log stderr;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/n1; proxy_temp_path {folder}/n2; fastcgi_temp_path {folder}/n3;
  uwsgi_temp_path {folder}/n4; scgi_temp_path {folder}/n5;
  server {{ listen {port}; root {page.parent}; }}
  server {{ listen 443 ssl http2; listen 4433 ssl; ssl_certificate {folder}/tls.crt; ssl_certificate_key {folder}/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3; root {page.parent}; }}
}}
""",
    )
    return ["nginx", "-c", str(config)]


def apache(host: Host, port: int) -> Sequence[str]:
    folder = folder_of(host)
    modules = "/usr/lib/apache2/modules"
    config = host.write(
        "apache.conf",
        f"""\
ServerRoot {folder}
ServerName target.lab
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
Mutex file:{folder}
Listen {port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
User nobody
Group nogroup
ErrorLog /dev/stderr
""",
    )
    return ["apache2", "-DFOREGROUND", "-f", str(config)]


def lighttpd(host: Host, port: int) -> Sequence[str]:
    config = host.write("lighttpd.conf", f'server.document-root = "/tmp"\nserver.port = {port}\n')
    return ["lighttpd", "-D", "-f", str(config)]


def python_http(_host: Host, port: int) -> Sequence[str]:
    return ["python3", "-m", "http.server", str(port), "--directory", "/usr/share/doc/tar"]


def squid(host: Host, port: int) -> Sequence[str]:
    folder = folder_of(host)
    host.run(["sh", "-c", f"mkdir -p {folder}/squid; chown proxy {folder}/squid; chmod 755 {folder} /run/hatoba-lab"])
    config = host.write(
        "squid.conf",
        f"http_port {port}\npid_filename none\naccess_log none\ncache_log {folder}/squid/log\ncoredump_dir {folder}/squid\n"
        "shared_memory_locking off\nmemory_cache_shared off\nhttp_access deny all\nicp_port 0\nvisible_hostname target.lab\n",
    )
    return ["squid", "-N", "-d1", "-f", str(config)]


def tinyproxy(host: Host, port: int) -> Sequence[str]:
    return ["tinyproxy", "-d", "-c", str(host.write("tinyproxy.conf", f"Port {port}\nTimeout 60\n"))]


def redis(_host: Host, port: int) -> Sequence[str]:
    return ["redis-server", "--port", str(port), "--protected-mode", "no", "--save", ""]


def memcached(_host: Host, port: int) -> Sequence[str]:
    return ["memcached", "-u", "nobody", "-p", str(port), "-U", "0"]


def mosquitto(host: Host, port: int) -> Sequence[str]:
    return ["mosquitto", "-c", str(host.write("mosquitto.conf", f"listener {port}\nallow_anonymous true\nuser root\n"))]


def named(host: Host, port: int) -> Sequence[str]:
    folder = folder_of(host)
    config = host.write(
        "named.conf",
        f"""\
options {{ directory "{folder}"; pid-file none; session-keyfile none; managed-keys-directory "{folder}";
  listen-on port {port} {{ any; }}; listen-on-v6 {{ none; }}; recursion no; dnssec-validation no; }};
controls {{ }};
""",
    )
    return ["named", "-g", "-c", str(config)]


def unbound(host: Host, port: int) -> Sequence[str]:
    config = host.write(
        "unbound.conf",
        f'server:\n  interface: 0.0.0.0\n  port: {port}\n  chroot: ""\n  username: ""\n  pidfile: ""\n'
        "  access-control: 0.0.0.0/0 allow\n  use-syslog: no\nremote-control:\n  control-enable: no\n",
    )
    return ["unbound", "-d", "-c", str(config)]


def dnsmasq(_host: Host, port: int) -> Sequence[str]:
    return ["dnsmasq", "-k", "-C", "/dev/null", "-p", str(port), "-u", "root", "--no-resolv", "--pid-file"]


_IN_MEMORY = (
    *("--innodb-use-native-aio=0", "--innodb-flush-method=fsync", "--innodb-log-file-size=4M"),
    *("--aria-log-file-size=8M", "--innodb-buffer-pool-size=16M"),
)


def mariadb(host: Host, port: int) -> Sequence[str]:
    data = data_folder(host)
    made = host.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}/mysql", "--user=root", "--skip-test-db", *_IN_MEMORY],
        timeout_s=100,
    )
    if made.returncode:
        raise LabError(made.stderr[-300:])
    stranger = host.write("init.sql", "CREATE USER 'app'@'%' IDENTIFIED BY 'secret';\n", 0o644)
    return [
        *("mariadbd", "--no-defaults", f"--datadir={data}/mysql", "--user=root", f"--port={port}"),
        *(f"--socket={data}/mysql.sock", "--bind-address=0.0.0.0", f"--init-file={stranger}"),
        *_IN_MEMORY,
    ]


def postgres(host: Host, port: int) -> Sequence[str]:
    folder, data = folder_of(host), data_folder(host)
    binaries = "/usr/lib/postgresql/15/bin"
    host.run(["sh", "-c", f"mkdir -p {data}/pg && chown postgres {data}/pg && chmod 755 {folder} /run/hatoba-lab"])
    made = host.run(
        ["runuser", "-u", "postgres", "--", f"{binaries}/initdb", "-A", "trust", "--wal-segsize=1", "-D", f"{data}/pg"]
    )
    if made.returncode:
        raise LabError(made.stderr[-300:])
    return [
        *("runuser", "-u", "postgres", "--", f"{binaries}/postgres", "-D", f"{data}/pg", "-p", str(port)),
        *("-h", "0.0.0.0", "-k", "/tmp"),
    ]


def rsyncd(host: Host, port: int) -> Sequence[str]:
    config = host.write("rsyncd.conf", f"use chroot = no\n[lab]\npath = {folder_of(host)}\n")
    return ["rsync", "--daemon", "--no-detach", f"--port={port}", f"--config={config}"]


def svnserve(host: Host, port: int) -> Sequence[str]:
    return ["svnserve", "-d", "--foreground", "--listen-port", str(port), "-r", folder_of(host)]


def git_daemon(host: Host, port: int) -> Sequence[str]:
    return ["git", "daemon", "--reuseaddr", f"--port={port}", f"--base-path={folder_of(host)}"]


def ngircd(host: Host, port: int) -> Sequence[str]:
    config = host.write(
        "ngircd.conf", f"[Global]\nName = irc.target.lab\nInfo = lab\nPorts = {port}\nServerUID = nobody\nServerGID = nogroup\n"
    )
    return ["ngircd", "-n", "-f", str(config)]


def slapd(host: Host, port: int) -> Sequence[str]:
    folder, data = folder_of(host), data_folder(host)
    host.run(["mkdir", "-p", f"{data}/ldap"])
    config = host.write(
        "slapd.conf",
        f"include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {folder}/slapd.pid\n"
        f'database mdb\nsuffix "dc=target,dc=lab"\nrootdn "cn=admin,dc=target,dc=lab"\ndirectory {data}/ldap\n',
    )
    return ["slapd", "-d", "0", "-f", str(config), "-h", f"ldap://0.0.0.0:{port}/"]


def smbd(host: Host, port: int) -> Sequence[str]:
    data = data_folder(host)
    config = host.write(
        "smb.conf",
        f"[global]\nworkgroup = LAB\nnetbios name = TARGET\nserver role = standalone server\nsmb ports = {port}\n"
        + "".join(
            f"{name} = {data}/samba\n"
            for name in ("lock directory", "state directory", "cache directory", "private dir", "pid directory", "ncalrpc dir")
        )
        + "bind interfaces only = no\nlog file = /dev/null\n",
    )
    host.run(["mkdir", "-p", f"{data}/samba", "/run/samba", "/var/log/samba"])
    return ["smbd", "-F", "--no-process-group", "-s", str(config)]


def exim(host: Host, port: int) -> Sequence[str]:
    folder = folder_of(host)
    host.run(["sh", "-c", f"mkdir -p {folder}/exim; chown Debian-exim {folder}/exim"])
    config = host.write(
        "exim.conf",
        f"primary_hostname = target.lab\nspool_directory = {folder}/exim\nlog_file_path = {folder}/exim/%slog\n"
        f"daemon_smtp_ports = {port}\nhost_lookup =\nrfc1413_query_timeout = 0s\ntls_advertise_hosts =\nkeep_environment =\n"
        "begin acl\nbegin routers\nbegin transports\n",
    )
    return ["exim4", "-bdf", "-C", str(config)]


def cupsd(host: Host, port: int) -> Sequence[str]:
    folder = folder_of(host)
    host.run(["mkdir", "-p", f"{folder}/cups/certs", "/run/cups"])
    config = host.write("cupsd.conf", f"Listen 0.0.0.0:{port}\n<Location />\nOrder allow,deny\nAllow all\n</Location>\n")
    host.write(
        "cups/printers.conf",
        "<Printer pier>\nInfo Printer on the pier\nMakeModel Lab Pier 3000\nDeviceURI socket://198.18.0.9\nState Idle\n"
        "Accepting Yes\nShared Yes\n</Printer>\n",
    )
    files = host.write(
        "cups-files.conf",
        "".join(f"{name} {folder}/cups\n" for name in ("ServerRoot", "StateDir", "RequestRoot", "CacheDir", "TempDir"))
        + "AccessLog stderr\nErrorLog stderr\nPageLog stderr\n",
    )
    return ["cupsd", "-f", "-c", str(config), "-s", str(files)]


def prosody(host: Host, _port: int) -> Sequence[str]:
    make_keys(host)
    folder = folder_of(host)
    config = host.write(
        "prosody.cfg.lua",
        f'data_path = "{folder}/prosody"\npidfile = "{folder}/prosody.pid"\nprosody_user = "root"\nrun_as_root = true\n'
        'modules_enabled = {"tls"}\nmodules_disabled = {"s2s"}\nlog = { info = "*console" }\n'
        f'ssl = {{ key = "{folder}/tls.key"; certificate = "{folder}/tls.crt" }}\nVirtualHost "target.lab"\n',
    )
    return ["prosody", "-F", "--config", str(config)]


def tor(host: Host, port: int) -> Sequence[str]:
    config = host.write("torrc", f"SocksPort 0.0.0.0:{port}\nDataDirectory {folder_of(host)}/tor\nDisableNetwork 0\n")
    return ["tor", "-f", str(config), "--defaults-torrc", "/dev/null"]


def beanstalkd(_host: Host, port: int) -> Sequence[str]:
    return ["beanstalkd", "-p", str(port)]


def xvnc(host: Host, port: int) -> Sequence[str]:
    return [
        "Xtigervnc",
        ":7",
        "-rfbport",
        str(port),
        "-SecurityTypes",
        "None",
        "-localhost=0",
        "-ac",
        "-nolock",
        "-nolisten",
        "unix",
        "-listen",
        "tcp",
    ]


def xrdp(host: Host, port: int) -> Sequence[str]:
    make_keys(host)
    folder = folder_of(host)
    config = host.write(
        "xrdp.ini",
        f"[Globals]\nport={port}\nfork=true\nsecurity_layer=negotiate\ncertificate={folder}/tls.crt\nkey_file={folder}/tls.key\n"
        f"[Logging]\nLogFile={folder}/xrdp.log\nLogLevel=INFO\n[Xorg]\nname=Xorg\nlib=libxup.so\nusername=ask\n",
    )
    host.run(["mkdir", "-p", "/run/xrdp"])
    return ["xrdp", "--nodaemon", "--config", str(config)]


def icecast(host: Host, port: int) -> Sequence[str]:
    folder = folder_of(host)
    config = host.write(
        "icecast.xml",
        f"<icecast><hostname>target.lab</hostname><authentication><source-password>x</source-password></authentication>"
        f"<listen-socket><port>{port}</port></listen-socket><paths><logdir>{folder}</logdir><webroot>/usr/share/icecast2/web"
        "</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths><security><chroot>0</chroot>"
        "<changeowner><user>nobody</user><group>nogroup</group></changeowner></security></icecast>",
    )
    host.run(["chmod", "777", folder])
    return ["icecast2", "-c", str(config)]


def rpcbind(_host: Host, _port: int) -> Sequence[str]:
    return ["rpcbind", "-f", "-w"]


def stunnel(host: Host, port: int) -> Sequence[str]:
    """TLS in front of Redis."""
    make_keys(host)
    folder = folder_of(host)
    config = host.write(
        "stunnel.conf",
        f"foreground = yes\npid =\n[redis]\naccept = {port}\nconnect = 127.0.0.1:{port - 1}\ncert = {folder}/tls.pem\n",
    )
    return ["stunnel4", str(config)]


def snmpd(host: Host, port: int) -> Sequence[str]:
    config = host.write("snmpd.conf", f"agentaddress udp:{port}\nrocommunity public\nsysLocation hatoba-lab\n")
    return ["snmpd", "-f", "-Lo", "-C", "-c", str(config)]


def chronyd(host: Host, _port: int) -> Sequence[str]:
    folder = folder_of(host)
    config = host.write(
        "chrony.conf", f"local stratum 10\nallow\ncmdport 0\nbindcmdaddress /\npidfile {folder}/chronyd.pid\nuser root\n"
    )
    return ["chronyd", "-d", "-x", "-f", str(config)]


def rabbitmq(host: Host, port: int) -> Sequence[str]:
    folder, data = folder_of(host), data_folder(host)
    config = host.write("rabbitmq.conf", f"listeners.tcp.default = {port}\n")
    environment = {
        "RABBITMQ_CONFIG_FILE": str(config),
        "RABBITMQ_MNESIA_BASE": f"{data}/mnesia",
        "RABBITMQ_LOG_BASE": f"{data}/rabbit-logs",
        "RABBITMQ_NODENAME": "rabbit@localhost",
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
        "HOME": folder,
    }
    return ["env", *(f"{name}={value}" for name, value in environment.items()), "/usr/lib/rabbitmq/bin/rabbitmq-server"]


def nmbd(host: Host, _port: int) -> Sequence[str]:
    """With the settings of smbd."""
    smbd(host, 445)
    return ["nmbd", "-F", "--no-process-group", "-s", f"{folder_of(host)}/smb.conf"]
