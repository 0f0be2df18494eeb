"""How servers of developers, homes and those who look after machines are set up, each by a recipe."""

from __future__ import annotations

from benchmarks.daemons.recipe import Recipe

SYNCTHING = Recipe(
    "syncthing serve --no-browser --no-restart --home=@DATA@/syncthing --gui-address=198.18.0.2:@PORT@", env="HOME=@DATA@"
)
COCKPIT = Recipe("/usr/lib/cockpit/cockpit-ws --no-tls -p @PORT@")
SHELL_IN_A_BOX = Recipe("shellinaboxd -t -p @PORT@ -u nobody -g nogroup -s /:LOGIN")
SUPERVISOR = Recipe(
    "supervisord -c @FOLDER@/supervisord.conf",
    {
        "supervisord.conf": """\
[supervisord]
nodaemon=true
user=root
logfile=/dev/null
logfile_maxbytes=0
pidfile=@FOLDER@/supervisord.pid
[inet_http_server]
port=198.18.0.2:@PORT@
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
    },
)
ALERTMANAGER = Recipe(
    "prometheus-alertmanager --config.file=@FOLDER@/alertmanager.yml --storage.path=@DATA@/alertmanager"
    " --cluster.listen-address= --web.listen-address=198.18.0.2:@PORT@",
    {"alertmanager.yml": "route:\n  receiver: nobody\nreceivers:\n- name: nobody\n"},
)
PUSHGATEWAY = Recipe("prometheus-pushgateway --web.listen-address=198.18.0.2:@PORT@")
PHP = Recipe("php -S 198.18.0.2:@PORT@ -t @FOLDER@/php", {"php/index.php": "<?php echo 'hello';"})
DELUGE = Recipe("deluge-web -d -c @DATA@/deluge -p @PORT@", env="HOME=@DATA@", before="mkdir -p @DATA@/deluge")
MONIT = Recipe(
    "monit -I -c @FOLDER@/monitrc",
    {
        "monitrc": """\
set daemon 30
set pidfile @FOLDER@/monit.pid
set statefile @FOLDER@/monit.state
set idfile @FOLDER@/monit.id
set httpd port @PORT@
  allow 198.18.0.0/24
"""
    },
    before="chmod 700 @FOLDER@/monitrc",
)
_QEMU = "qemu-system-x86_64 -S -nodefaults -machine none -display none -accel tcg"
QEMU_MONITOR = Recipe(_QEMU + " -monitor tcp:198.18.0.2:@PORT@,server=on,wait=off")
QMP = Recipe(_QEMU + " -qmp tcp:198.18.0.2:@PORT@,server=on,wait=off")
HYLAFAX = Recipe("hfaxd -d -i @PORT@")
NGHTTPD = Recipe("nghttpd -d @FOLDER@ @PORT@ @FOLDER@/tls.key @FOLDER@/tls.crt")
AIOHTTP = Recipe(
    "/usr/bin/python3 @FOLDER@/aiohttp_server.py",
    {
        # It writes a traceback for whoever speaks another language, which is no fault of either side.
        "aiohttp_server.py": """\
import logging
from aiohttp import web
logging.disable(logging.CRITICAL)
web.run_app(web.Application(), host='198.18.0.2', port=@PORT@)
"""
    },
)
