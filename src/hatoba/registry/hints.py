"""What an open port means and what to do, as texts for people. Written by tools/registry/generate.py; do not edit."""

from __future__ import annotations

from hatoba.messages import _N

HINTS: tuple[str, ...] = (
    _N(
        "A database. It seldom needs to be public: let it listen on 127.0.0.1 or an inner network, allow only its "
        "applications in the firewall, and ask for a login over TLS."
    ),
    _N(
        "Redis as installed asks for no password, and whoever reaches it can write files. Bind it to 127.0.0.1, keep "
        "protected-mode on, and set up ACLs before opening it to anybody."
    ),
    _N(
        "memcached knows no login by default, and its UDP port is the strongest amplifier known. Listen on 127.0.0.1 and "
        "start it with -U 0."
    ),
    _N(
        "A search index. Versions before 8 ask for no password: whole collections have been copied and wiped this way. "
        "Keep it inside, turn security on, and put applications in front."
    ),
    _N(
        "Kibana shows, and may change, everything in the index behind it. Require a login, and reach it through a VPN or "
        "an authenticating proxy."
    ),
    _N(
        "Docker's API without TLS: whoever reaches it is root on this host. Turn it off and use the local socket or "
        "ssh://, or TLS with client certificates on 2376."
    ),
    _N(
        "Docker's API over TLS. Check that the server demands client certificates (tlsverify), and allow only the "
        "machines that manage it."
    ),
    _N("Docker Swarm talks among its nodes here. Allow these ports between the nodes and from nowhere else."),
    _N(
        "Kubernetes' API server. Restrict it to the networks of administrators and nodes, and see to it that anonymous "
        "requests have no rights."
    ),
    _N(
        "A Kubernetes node's agent: it can run commands in every container. Only the control plane needs it; turn "
        "anonymous access and the read-only port 10255 off."
    ),
    _N("Part of Kubernetes' control plane. Nothing outside the cluster needs it."),
    _N(
        "etcd holds the secrets of the whole cluster. Only the API servers and its own members may reach it, with client "
        "certificates."
    ),
    _N("Consul and Nomad run checks and jobs for whoever may register them. Keep them inside and turn on ACLs."),
    _N("Vault hands out the keys of everything else. Allow only the applications that use it, over TLS."),
    _N("Telnet sends the password in clear text, and worms try its default logins all day. Turn it off and use SSH."),
    _N("rexec, rlogin and rsh trust addresses instead of keys. Remove them and use SSH."),
    _N("FTP sends passwords and files in clear text. Use SFTP (part of SSH) or FTP over TLS; for public downloads HTTPS."),
    _N("FTP's data port. It is needed only for active FTP; SFTP needs neither."),
    _N(
        "SSH is meant to be reached, and is tried all day. Turn passwords off, use keys, and limit who may come where "
        "that is possible."
    ),
    _N(
        "Windows file sharing: worms spread over it. It belongs inside a network or a VPN, never on the internet; turn "
        "SMBv1 off."
    ),
    _N("Windows RPC. It cannot be turned off, but no other network needs to reach it: close it in the firewall."),
    _N(
        "Windows Remote Desktop, the commonest way in for ransomware. Put it behind a VPN or a gateway with a second "
        "factor, and require network level authentication."
    ),
    _N("PowerShell from afar. Allow only the machines of administrators; prefer 5986, with TLS."),
    _N(
        "VNC shows and steers the screen; its own passwords have 8 characters at most. Bind it to 127.0.0.1 and reach it "
        "through SSH."
    ),
    _N("X11: whoever may connect can read every key stroke. Start the X server with -nolisten tcp and use ssh -X."),
    _N(
        "The directory of RPC services; over UDP it feeds amplified attacks. NFS version 4 does without it: stop rpcbind "
        "or close it in the firewall."
    ),
    _N(
        "NFS trusts the numbers of users that the client states. Export to named hosts only, and use Kerberos where "
        "strangers share the network."
    ),
    _N("rsync without SSH is in clear text and often without a password. Run it over SSH, or set auth users and hosts allow."),
    _N("Mail servers need this port; others do not. Check that it does not relay mail for strangers, and offers STARTTLS."),
    _N("Reading mail in clear text. Offer 995 and 993 (TLS) instead, or refuse logins before STARTTLS."),
    _N("A DNS server. If it serves your own network only, refuse strangers: an open resolver is used in amplified attacks."),
    _N("A time server. If strangers need not ask it, restrict it; see that it answers no monlist queries."),
    _N('SNMP: with the community "public" a device tells all about itself. Use SNMPv3, or allow only the monitoring host.'),
    _N(
        "UPnP and port mapping belong inside the home network. From the internet they open the router and feed amplified "
        "attacks."
    ),
    _N("TFTP hands out files without any password. Keep it in the network where devices boot or are set up."),
    _N("A server's management board: the protocol gives password hashes away. Put it in a network of its own."),
    _N("One of inetd's small services. Nobody needs it any more, and over UDP it can be used to attack others. Turn it off."),
    _N("A service that tells strangers who works here. Turn it off unless an IRC or mail server asks for it."),
    _N("A directory in clear text; over UDP it feeds amplified attacks. Keep it inside and use 636 (TLS) or StartTLS."),
    _N("Kerberos. A domain controller belongs inside the network."),
    _N("MQTT in clear text. Use 8883 (TLS) with a login for each device; refuse anonymous clients."),
    _N("A message broker. Only its applications need it; remove the guest account and use TLS."),
    _N("A broker's console. Change the default password and keep it to the network of administrators."),
    _N("Erlang's nodes trust whoever knows one cookie. Only the cluster's own members need this port."),
    _N(
        "Kafka and ZooKeeper as installed ask for no login. Only their applications and members need them; turn on SASL or TLS."
    ),
    _N("Monitoring tells strangers what runs here and how it fares. Let only the collecting server reach it."),
    _N(
        "Often a development server, notebook or dashboard, put up in a hurry. If it is meant for you alone, bind it to "
        "127.0.0.1; if not, put a login and TLS in front."
    ),
    _N("A debugger: whoever reaches it runs code on this machine. Bind it to 127.0.0.1."),
    _N(
        "A model server or cluster that asks for no login: strangers can use it, and some can run code. Bind it to "
        "127.0.0.1 or put a login in front."
    ),
    _N(
        "A web server in clear text. A public one should answer here only to send visitors to HTTPS; an administration "
        "page should not be public at all."
    ),
    _N(
        "Web over TLS. Meant to be public if it is a web site; keep administration pages to the network of "
        "administrators, and certificates fresh."
    ),
    _N("Whoever logs in here runs the whole server. Limit it to the addresses of administrators and use a second factor."),
    _N("A proxy. If strangers can use it, their deeds bear your address: ask for a login or allow your own networks only."),
    _N("A printer. It belongs inside the network: from outside strangers print, and read what waits."),
    _N("A camera or recorder. Change its password, update it, and watch it through a VPN instead of an open port."),
    _N(
        "Industrial control or building automation: most of these protocols have no password. Keep it in a network of its "
        "own, behind a firewall."
    ),
    _N("The provider's way into a home router, used by worms before. It should answer to the provider only."),
    _N("Cisco Smart Install lets strangers change a switch. Turn it off: no vstack."),
    _N("PPTP's encryption is broken. Move to WireGuard, OpenVPN or IPsec."),
    _N("A VPN: meant to be reached. Keep it up to date."),
    _N("Telephony: strangers try to call at your cost. Allow only your provider and your telephones, and use long passwords."),
    _N("BGP. Only the configured neighbours should reach it."),
    _N("iSCSI gives out whole disks. Keep it in the storage network and use CHAP."),
    _N("Tomcat's AJP connector trusts whoever reaches it. Bind it to 127.0.0.1 with a secret, or remove it."),
    _N("An application server's administration. It has been attacked often: keep it inside and patched."),
    _N("A number known from back doors. Find out which program listens here."),
    _N("Dynamic range: on Windows an RPC service, on home devices UPnP. Close it from outside."),
    _N(
        "Prometheus's node exporter on a server, raw printing on a printer. Neither asks for a login: keep it inside the "
        "network."
    ),
)
"""The hints by the numbers that ``data/hints.tsv`` refers to."""
