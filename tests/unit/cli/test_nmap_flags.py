"""nmap's spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.cli.nmap_flags import translate
from hatoba.errors import UsageError


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("-sS", "--syn"),
        ("-sT", "--connect"),
        ("-sST", "--syn --connect"),
        ("-p22", "--ports=22"),
        ("-p 22", "--ports=22"),
        ("-p-", "--ports=-"),
        ("-p -", "--ports=-"),
        ("-p -100", "--ports=-100"),
        ("--ports -sU", "--ports=-sU"),
        ("-p", "--ports"),
        ("-oX file", "--xml=file"),
        ("-oXfile", "--xml=file"),
        ("-oX -", "--xml=-"),
        ("-oJ a -oG b -oN c -oA d", "--json=a --grepable=b --normal=c --all-formats=d"),
        ("-iL file", "--input=file"),
        ("-iLfile", "--input=file"),
        ("-iL -", "--input=-"),
        ("-F -n -4 -6", "--fast --no-names --ipv4 --ipv6"),
        ("-v", "--verbose"),
        ("-vv", "--verbose --verbose"),
        ("-v3", "--verbose --verbose --verbose"),
        ("-nv", "--no-names --verbose"),
        ("-nvp22", "--no-names --verbose --ports=22"),
        ("-nsT", "--no-names --connect"),
        ("-sSU -sO", "--syn --udp --ip-protocol"),
        ("-sn -sP -sL", "--find-hosts --find-hosts --list"),
        ("-PE -PP -PM -PR", "--ping-echo --ping-timestamp --ping-mask --ping-arp"),
        ("-PS -PS22,80 -PA443", "--ping-syn= --ping-syn=22,80 --ping-ack=443"),
        ("-PU53 -PY -PO1,2", "--ping-udp=53 --ping-sctp= --ping-protocol=1,2"),
        ("--ping-syn h --ping-ack=80", "--ping-syn= h --ping-ack=80"),
        ("-R -g 53 -g53 --source-port 53", "--reverse-names --source-port=53 --source-port=53 --source-port=53"),
        ("-traceroute -packet-trace -disable-arp-ping", "--traceroute --packet-trace --disable-arp-ping"),
        ("--scan-delay 1s --host-timeout 5m", "--scan-delay=1s --host-timeout=5m"),
        ("-max-rtt-timeout 1s", "--max-rtt-timeout=1s"),
        ("-nPn", "--no-names --no-discovery"),
        ("-PX -P", "-PX -P"),
        ("-Pn", "--no-discovery"),
        ("-PN", "--no-discovery"),
        ("-T4", "--timing=4"),
        ("-T 4", "--timing=4"),
        ("-Tpolite", "--timing=polite"),
        ("-e eth0", "--interface=eth0"),
        ("--open --reason", "--open --reason"),
        ("-open -top-ports 10", "--open --top-ports=10"),
        ("--exclude 198.18.0.1", "--exclude=198.18.0.1"),
        ("--excludefile f", "--exclude-file=f"),
        ("--excludefile=f", "--exclude-file=f"),
        ("--exclude-ports 22 --top-ports 10", "--exclude-ports=22 --top-ports=10"),
        ("--min-rate 1000 --max-rate 5 --max-retries 2", "--min-rate=1000 --max-rate=5 --max-retries=2"),
        ("--shard 1/3", "--shard=1/3"),
        ("--shards 1/3", "--shard=1/3"),
        ("-h", "--help"),
        ("198.18.0.2 -", "198.18.0.2 -"),
        ("-- -sU", "-- -sU"),
        ("-sS -- -p22", "--syn -- -p22"),
        ("-sQ -zz -o", "-sQ -zz -o"),
        ("--unknown -p1", "--unknown --ports=1"),
        ("-sV", "--services"),
        ("-sSV -p22", "--syn --services --ports=22"),
        ("-sV --version-intensity 5", "--services --version-intensity=5"),
        ("-version-all -allports", "--version-all --allports"),
        ("--version-detection", "--services"),
        ("-O", "--systems"),
        ("-sSO -O", "--syn --ip-protocol --systems"),
        ("-nAO -p22", "--no-names --everything --systems --ports=22"),
        ("-O --osscan-limit --osscan-guess", "--systems --osscan-limit --osscan-guess"),
        ("--fuzzy -osscan-limit", "--osscan-guess --osscan-limit"),
    ],
)
def test_spellings(written: str, read: str) -> None:
    assert translate(written.split()) == read.split()


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("--version-trace", "--version-trace"),
        ("-sI zombie", "-sI"),
        ("-D RND:5", "-D"),
        ("-f", "-f"),
        ("-iR 10", "-iR"),
        ("-oS file", "-oS"),
        ("-d", "-d"),
        ("-sC", "-sC"),
        ("--script=default", "--script"),
        ("--script default", "--script"),
        ("-script default", "--script"),
        ("--max-scan-delay 1s", "--max-scan-delay"),
        ("--discovery-ignore-rst", "--discovery-ignore-rst"),
        ("--dns-servers 198.18.0.1", "--dns-servers"),
        ("--spoof-mac 0", "--spoof-mac"),
        ("--iflist", "--iflist"),
    ],
)
def test_what_hatoba_has_not_is_named(written: str, names: str) -> None:
    with pytest.raises(UsageError) as told:
        translate(["-v", *written.split(), "198.18.0.2"])
    assert names in str(told.value)
    assert "{" not in str(told.value)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("-r", "random order"),
        ("-nr", "(-r)"),
        ("--append-output", "begins each file anew"),
        ("--webxml", "names no stylesheet"),
        ("--stylesheet=x", "names no stylesheet"),
        ("--iflist", "ip -br address"),
        ("--privileged", "hatoba doctor"),
    ],
)
def test_what_stands_in_its_place_is_named(written: str, says: str) -> None:
    with pytest.raises(UsageError) as told:
        translate([written, "198.18.0.2"])
    assert says in str(told.value)


@given(
    st.lists(
        st.one_of(
            st.text(max_size=8),
            st.text(alphabet="-spoioXLvnFTPSAU4", max_size=6).map(lambda letters: "-" + letters),
            st.sampled_from(["--", "--ports", "--exclude", "-p", "-iL", "-oX", "--script", "-e", "-T"]),
        ),
        max_size=6,
    )
)
def test_it_raises_nothing_but_usage_errors_and_loses_no_target(argv: list[str]) -> None:
    try:
        result = translate(argv)
    except UsageError:
        return
    assert all(isinstance(word, str) for word in result)
    if not any(word.startswith("-") for word in argv):
        assert result == argv


@given(st.lists(st.text(max_size=8), max_size=4))
def test_words_after_two_dashes_are_left_alone(words: list[str]) -> None:
    assert translate(["-sS", "--", *words]) == ["--syn", "--", *words]


@given(st.text(max_size=10))
def test_a_value_is_never_looked_into(value: str) -> None:
    assert translate(["--exclude", value, "-sT"]) == [f"--exclude={value}", "--connect"]
