"""The pages of the UDP questions, written from the table: ``docs/udp-questions.md`` and ``docs/udp-questions.ja.md``.

    python tools/udp_questions.py          write both pages
    python tools/udp_questions.py check    fail where one of them is not what the table says

The table is ``hatoba.probes.udp_questions``; its Japanese comes from the catalogue, so a new question is translated there
first. What the pages say around the table stands here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from hatoba.messages import translated, use_language
from hatoba.packets.segment import Form
from hatoba.probes.udp_questions import QUESTIONS, Question

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"en": "udp-questions.md", "ja": "udp-questions.ja.md"}

_ENGLISH = """\
# What a UDP scan asks

[日本語](udp-questions.ja.md)

<!-- Written by tools/udp_questions.py from the table in src/hatoba/probes/udp_questions. -->

A program that listens on a UDP port need not answer, and most answer nothing but their own protocol. So hatoba asks each port
in its protocol's words: {count} questions for {ports} ports, all written for hatoba from the documents named in the last
column. Every other port gets an empty datagram.

Where a port has several questions, the one likeliest to be answered comes first: the first attempt asks it, the second attempt
asks the next one.

## How an answer is recognised

Any datagram from the port that was asked, to the port that we asked from, makes the port *open*. Most protocols let a client
send a number that the answer repeats. There the question carries a cookie of this scan, 32 bits where they fit, else 16; an
answer that repeats it answers that very question, one that repeats another number was meant for somebody else. TFTP and
Kerberos servers repeat it only if they name what was asked for.

A TFTP server answers from a port of its own choosing (RFC 1350 section 4), and devices that are searched for by SSDP or
WS-Discovery may do the same.

## No harm done

No question writes, logs in, guesses a password, or reserves an address. IKE, OpenVPN, L2TP and DTLS servers may keep a
half-made connection for some seconds until they forget it, as a TCP server does after a SYN. `public` in SNMP is the community
that by convention everybody may read with. Where there is a choice, the question with the short answer is asked (memcached: its
version, SNMP: one number). Longer ones come from RIP (the routing table), CoAP (the contents), ntpd (its variables), the
browser of SQL Server and game servers.

## The questions

| port | name | asks, and expects | repeats | bytes | written down in |
| --- | --- | --- | --- | ---: | --- |
{rows}

## What is not asked

* Modbus: it is spoken over TCP only (port 502), so there is nothing to ask over UDP.
* syslog and WireGuard are in the table but get an empty datagram. Nothing makes them answer; an open port of theirs is
  `open|filtered` unless the host answers for closed ports.
* RADIUS, LLMNR and most DHCP servers are asked and nearly always silent, for the reasons in the table.
* mDNS responders answer only what they announce: avahi without any service is silent.

## Adding one

Add a `question(...)` to the family's module in `src/hatoba/probes/udp_questions`, a real answer to `answers.py` beside its
tests, a test of its bytes, and run `HATOBA_RENEW_GOLDEN=1 pytest tests/unit/probes/udp_questions`, `make messages` and
`python tools/udp_questions.py`.
"""

_JAPANESE = """\
# UDP スキャンの質問

[English](udp-questions.md)

<!-- tools/udp_questions.py が src/hatoba/probes/udp_questions の表から書いています。 -->

UDP ポートで待ち受けるプログラムには、応答する義務がありません。ほとんどのプログラムは、自分のプロトコルにしか応答しません。
そこで hatoba は、ポートごとにそのプロトコルの言葉で尋ねます。質問は {count} 個、対象は {ports} ポートで、どれも最後の列の
文書から hatoba のために書き起こしたものです。それ以外のポートには、空のデータグラムを送ります。

一つのポートに質問がいくつかあるときは、答えの返りやすいものが先です。1 回目の試行で最初の質問を、2 回目の試行で次の質問を
送ります。

## 応答の見分け方

尋ねたポートから、こちらが使ったポートに届いたデータグラムがあれば、そのポートは *open* です。多くのプロトコルでは、
クライアントの送った番号を応答が繰り返します。その場合、質問にはこのスキャンのクッキーが入ります。入るなら 32 ビット、
入らなければ 16 ビットです。同じクッキーを繰り返す応答は、まさにその質問への応答です。違う番号を繰り返す応答は、別の誰かへの
ものです。TFTP と Kerberos のサーバーは、尋ねられたものの名前を応答に書く場合にだけ繰り返します。

TFTP サーバーは、自分で選んだ別のポートから応答します（RFC 1350 section 4）。SSDP や WS-Discovery で見つかる機器も、そうする
ことがあります。

## 害を与えないこと

どの質問も、書き込み、ログイン、パスワードの推測、アドレスの確保をしません。IKE、OpenVPN、L2TP、DTLS のサーバーは、途中までの
接続を数秒ほど覚えておき、そのあと忘れることがあります。これは SYN を受けた TCP サーバーと同じです。SNMP の `public` は、誰でも
読み取りに使えるという慣習のコミュニティー名です。選べるところでは、応答の短い質問を選んでいます（memcached ではバージョン、
SNMP では数字一つ）。応答が長くなるのは、RIP（経路表）、CoAP（目次）、ntpd（変数）、SQL Server の Browser、ゲームサーバーです。

## 質問の一覧

| ポート | 名前 | 尋ねることと、返るもの | 繰り返し | バイト | 出典 |
| --- | --- | --- | --- | ---: | --- |
{rows}

## 尋ねないもの

* Modbus: TCP（ポート 502）でしか使われないので、UDP で尋ねることがありません。
* syslog と WireGuard は表にありますが、送るのは空のデータグラムです。何を送っても応答しません。閉じたポートにホストが応答しない
  かぎり、開いていても `open|filtered` になります。
* RADIUS、LLMNR、ほとんどの DHCP サーバーは、尋ねてもまず応答しません。理由は表のとおりです。
* mDNS は、公開しているものについてしか応答しません。サービスを一つも公開していない avahi は応答しません。

## 質問の足し方

`src/hatoba/probes/udp_questions` の中の近いモジュールに `question(...)` を足し、テストのそばの `answers.py` に本物の応答を、
テストにバイト列の検査を足します。そのあと `HATOBA_RENEW_GOLDEN=1 pytest tests/unit/probes/udp_questions`、`make messages`、
`python tools/udp_questions.py` を実行します。
"""

_FRAMES = {"en": _ENGLISH, "ja": _JAPANESE}
_WIDTHS = {"en": "{bits} bits", "ja": "{bits} ビット"}


def ports_text(ports: Sequence[int]) -> str:
    """Ports in order, with runs of three or more as a range."""
    runs: list[list[int]] = []
    for port in sorted(ports):
        if runs and port == runs[-1][-1] + 1:
            runs[-1].append(port)
        else:
            runs.append([port])
    parts = (f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)
    return ", ".join(parts)


def repeated(question: Question, language: str) -> str:
    """How much of the cookie an answer can repeat."""
    if not question.cookies:
        return "–"
    wide = any(place.form is not Form.U16 for place in question.cookies)
    return _WIDTHS[language].format(bits=32 if wide else 16)


def row(question: Question, language: str) -> str:
    cells = (
        ports_text(question.ports),
        f"`{question.name}`",
        translated(question.expects),
        repeated(question, language),
        f"{len(question.payload):,}",
        question.source,
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def page(language: str) -> str:
    """The whole page. The rows are in order of their first port, those of one port in the order in which they are asked."""
    use_language(language)
    rows = [row(question, language) for question in sorted(QUESTIONS, key=lambda question: min(question.ports))]
    ports = {port for question in QUESTIONS for port in question.ports}
    return _FRAMES[language].format(rows="\n".join(rows), count=len(QUESTIONS), ports=len(ports))


def main(arguments: Sequence[str], folder: Path = ROOT / "docs") -> int:
    if arguments not in ([], ["check"]):
        print(__doc__, file=sys.stderr)
        return 2
    stale = []
    for language, name in PAGES.items():
        path, text = folder / name, page(language)
        if not arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    for name in stale:
        print(f"docs/{name} is not what the table says; run: python tools/udp_questions.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
