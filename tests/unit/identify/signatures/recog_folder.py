"""A folder of databases in Recog's format, written for the tests."""

from __future__ import annotations

from pathlib import Path

SSH = r"""<?xml version="1.0" encoding="UTF-8"?>
<fingerprints matches="ssh.banner" protocol="ssh" database_type="service" preference="0.90">
  <!-- harbour devices -->
  <fingerprint pattern="^PierSSH_([\d.]+)(?: (\S+))?$" flags="REG_ICASE">
    <description>Pier   gateway</description>
    <example service.version="2.1" host.name="gate">PierSSH_2.1 gate</example>
    <param pos="0" name="service.vendor" value="Pier"/>
    <param pos="0" name="service.product" value="Pier SSH"/>
    <param pos="1" name="service.version"/>
    <param pos="2" name="host.name"/>
    <param pos="0" name="service.cpe23" value="cpe:/a:pier:pier_ssh:{service.version}"/>
    <param pos="0" name="os.vendor" value="Pier"/>
    <param pos="0" name="os.product" value="PierOS"/>
    <param pos="0" name="os.version" value="7"/>
    <param pos="0" name="os.cpe23" value="cpe:/o:pier:pieros:-"/>
    <param pos="0" name="hw.device" value="Router"/>
  </fingerprint>
  <fingerprint pattern="^OpenSSH_(\S+) Harbour-(\d+)$">
    <description>OpenSSH on Harbour</description>
    <param pos="0" name="service.product" value="OpenSSH"/>
    <param pos="1" name="service.version"/>
    <param pos="0" name="service.cpe23" value="cpe:/a:openbsd:openssh:{service.version}"/>
    <param pos="0" name="os.family" value="Linux"/>
    <param pos="2" name="os.version"/>
    <param pos="0" name="os.cpe23" value="cpe:2.3:o:harbour:harbour:{os.version}:*:*:*:*:*:*:*"/>
  </fingerprint>
  <fingerprint pattern="^(?!x)y"><description>looks ahead</description></fingerprint>
  <fingerprint pattern="z" flags="REG_MAGIC"><description>a flag of no kind</description></fingerprint>
</fingerprints>
"""
HTTP = r"""<?xml version="1.0"?>
<fingerprints matches="http_header.server">
  <fingerprint pattern="^first$\n^last\Z" flags="REG_MULTILINE"><description>lines</description></fingerprint>
  <fingerprint pattern="^QuayWeb/(\h+)$">
    <description>Quay</description>
    <example service.version="af">QuayWeb/af</example>
    <example service.version="1">QuayWeb/2</example>
    <example>QuayWeb/zz</example>
    <example _encoding="base64">UXVheVdlYi8w
Nw==</example>
    <param pos="0" name="service.product" value="QuayWeb"/>
    <param pos="1" name="service.version"/>
  </fingerprint>
</fingerprints>
"""
UNHEARD = '<fingerprints matches="tls.jarm"><fingerprint pattern="a"/></fingerprints>'


def folder(at: Path, **files: str) -> Path:
    for name, content in files.items():
        (at / f"{name}.xml").write_text(content, encoding="utf-8")
    return at
