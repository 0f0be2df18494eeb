"""The example of the page on signatures, against a server that answers as it says."""

from __future__ import annotations

import json
from pathlib import Path

from tests.labs import MakeLab
from tests.real_scans import COMMAND
from tests.unit.identify.signatures.pages import PAGES, blocks
from tests.unit.identify.signatures.recog_folder import SSH, folder


def test_the_page_shows_what_a_scan_tells(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab()
    scanner, target = (lab.add_host(name, [f"198.18.0.{n}/24"]) for n, name in enumerate(("scanner", "target"), 1))
    lab.link(scanner, target)
    target.listen([7070, 2022], answers={7070: "GH/1.2 north\n"}, greetings={2022: "SSH-2.0-PierSSH_2.1 gate\r\n"}, keep=True)
    path = tmp_path / "greenhouse.toml"
    path.write_text(blocks(PAGES[0], "toml")[0], encoding="utf-8")
    recog = folder(tmp_path, ssh_banners=SSH)
    options = ["-sV", "--signatures", str(path), "--recog", str(recog), "-p", "7070,2022", "-oJ", str(tmp_path / "x.jsonl")]
    done = scanner.run([*COMMAND, *options, "198.18.0.2"])
    assert done.returncode == 0, done.stderr
    assert "2 fingerprints can't be used" in done.stderr
    rows = {" ".join(line.split()) for line in done.stdout.splitlines()}
    shown = [" ".join(line.split()) for line in blocks(PAGES[0], "")[1].splitlines()]
    assert {shown[3], shown[4]} <= rows
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text(encoding="utf-8").splitlines()]
    facts = {line["port"]: line["service"] for line in lines if line["type"] == "service"}
    assert facts[7070]["details"]["signature"] == "greenhouse.toml, 1"
    assert (facts[2022]["product"], facts[2022]["details"]["recog"]) == ("Pier SSH", "ssh_banners.xml: Pier gateway")


def test_a_mistake_costs_no_packet_and_no_file(make_lab: MakeLab, tmp_path: Path) -> None:
    scanner = make_lab().add_host("scanner", ["198.18.0.1/24"])
    path = tmp_path / "mine.toml"
    path.write_text("[[signature]]\nname = 'x'\nmatch = '('\n", encoding="utf-8")
    done = scanner.run([*COMMAND, "-sV", "--signatures", str(path), "-oJ", str(tmp_path / "x.jsonl"), "127.0.0.1"])
    assert done.returncode == 2
    assert "line 1 (signature 1): match can't be taken: a bracket ( has no end" in done.stderr
    assert not (tmp_path / "x.jsonl").exists()
