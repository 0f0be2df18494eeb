"""Real daemons of developers, homes and those who look after machines: rows as in ``services``."""

from __future__ import annotations

from functools import partial

from benchmarks.daemons import workshop_recipes
from benchmarks.daemons.daemon import Daemon

_silent = partial(Daemon, tells_version=False)
"""One that tells strangers no version."""

WORKSHOP = (
    Daemon("syncthing", "syncthing", "syncthing", 8384, "Syncthing", workshop_recipes.SYNCTHING, "http"),
    _silent("cockpit", "/usr/lib/cockpit/cockpit-ws", "cockpit-ws", 9089, "Cockpit", workshop_recipes.COCKPIT, "http"),
    _silent("shellinabox", "shellinaboxd", "shellinabox", 4200, "ShellInABox", workshop_recipes.SHELL_IN_A_BOX, "http"),
    Daemon("supervisor", "supervisord", "supervisor", 9001, "Supervisor", workshop_recipes.SUPERVISOR, "http"),
    Daemon(
        *("alertmanager", "prometheus-alertmanager", "prometheus-alertmanager", 9093, "Alertmanager"),
        workshop_recipes.ALERTMANAGER,
        "http",
    ),
    Daemon(
        *("pushgateway", "prometheus-pushgateway", "prometheus-pushgateway", 9091, "Pushgateway"),
        workshop_recipes.PUSHGATEWAY,
        "http",
    ),
    Daemon("php", "php", "php8.2-cli", 8107, "PHP", workshop_recipes.PHP, "http"),
    Daemon("deluge-web", "deluge-web", "deluge-web", 8112, "Deluge", workshop_recipes.DELUGE, "http"),
    Daemon("monit", "monit", "monit", 2812, "Monit", workshop_recipes.MONIT, "http"),
    # The package's number is the first two parts of the program's.
    _silent(
        "qemu-monitor", "qemu-system-x86_64", "qemu-system-x86", 4601, "QEMU", workshop_recipes.QEMU_MONITOR, "qemu-monitor"
    ),
    _silent("qmp", "qemu-system-x86_64", "qemu-system-x86", 4602, "QEMU", workshop_recipes.QMP, "qmp"),
    Daemon("hylafax", "hfaxd", "hylafax-server", 4559, "HylaFAX", workshop_recipes.HYLAFAX, "hylafax"),
    Daemon("nghttpd", "nghttpd", "nghttp2-server", 8446, "nghttpd", workshop_recipes.NGHTTPD, "http", tls=True),
    Daemon("aiohttp", "python3", "python3-aiohttp", 8102, "aiohttp", workshop_recipes.AIOHTTP, "http", needs_package=True),
)
