"""Small PDFs for tests: text at places, in sizes and directions, lines, pictures, boxes, metadata, passwords."""

import hashlib
import textwrap
import zlib
from dataclasses import dataclass, field

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


@dataclass
class Drawn:
    """A page: its content stream, and the keys of its dictionary."""

    content: list[bytes] = field(default_factory=list)
    box: tuple[float, float, float, float] = (0, 0, 595, 842)
    crop: tuple[float, float, float, float] | None = None
    rotate: int = 0

    def text(self, x, y, text, size=10, font="F1", matrix=None, rise=0.0, spacing=0.0):
        """Text with its beginning at a place, in points; ``matrix`` (a, b, c, d) turns it."""
        a, b, c, d = matrix or (1, 0, 0, 1)
        self.content.append(
            b"BT /%s %g Tf %g Tc %g Ts %g %g %g %g %g %g Tm (%s) Tj ET"
            % (font.encode(), size, spacing, rise, a, b, c, d, x, y, escaped(text))
        )
        return self

    def lines(self, x, y, lines, size=10, leading=14.0, font="F1"):
        """Lines from a place downwards."""
        for number, line in enumerate(lines):
            self.text(x, y - leading * number, line, size, font)
        return self

    def line(self, x0, y0, x1, y1):
        """A thin line."""
        self.content.append(b"0.5 w %g %g m %g %g l S" % (x0, y0, x1, y1))
        return self

    def picture(self):
        """A picture over the whole page."""
        self.content.append(b"q 500 0 0 700 40 60 cm /I1 Do Q")
        return self


def wrapped(text, width=90):
    """Lines of so many letters."""
    return textwrap.wrap(text, width)


def escaped(text):
    """A text as a string of the file."""
    data = text if isinstance(text, bytes) else text.encode("cp1252")
    return data.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")


def pdf_of(pages, *, info=None, xmp=None, lang=None, user_password=None, differences=b"", compressed=False):
    """The file: 8 objects that are always there, then two a page. A password, even an empty one, encrypts it."""
    encoding = b"<</Type/Encoding/BaseEncoding/WinAnsiEncoding/Differences[%s]>>" % differences
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R%s%s>>"
        % (b"/Metadata 4 0 R" if xmp else b"", b"/Lang(%s)" % escaped(lang) if lang else b""),
        3: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding %s>>" % encoding,
        4: _stream((xmp or "").encode(), b"/Type/Metadata/Subtype/XML"),
        5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding %s>>" % encoding,
        6: b"<<%s>>" % b"".join(b"/%s(%s)" % (k.encode(), escaped(v)) for k, v in (info or {}).items()),
        7: _stream(b"\x80", b"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray"),
        8: b"<</Type/Font/Subtype/Type1/BaseFont/Symbol>>",
    }
    resources = b"/Resources<</Font<</F1 3 0 R/F2 5 0 R/F3 8 0 R>>/XObject<</I1 7 0 R>>>>"
    kids = []
    for number, page in enumerate(pages):
        one = 9 + 2 * number
        kids.append(b"%d 0 R" % one)
        crop = b"/CropBox[%g %g %g %g]" % page.crop if page.crop else b""
        objects[one] = b"<</Type/Page/Parent 2 0 R/MediaBox[%g %g %g %g]%s/Rotate %d/Contents %d 0 R%s>>" % (
            *page.box,
            crop,
            page.rotate,
            one + 1,
            resources,
        )
        content = b"\n".join(page.content)
        objects[one + 1] = _stream(zlib.compress(content), b"/Filter/FlateDecode") if compressed else _stream(content)
    objects[2] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), len(kids))
    trailer = b"/Root 1 0 R/Info 6 0 R"
    if user_password is not None:
        last = max(objects) + 1
        trailer += b"/Encrypt %d 0 R/ID[<%s><%s>]" % (last, b"00" * 16, b"00" * 16)
        objects = _encrypted(objects, user_password, last)
    return assembled(objects, trailer)


def assembled(objects, trailer):
    """Numbered objects as a file with its table."""
    out, places = b"%PDF-1.4\n", {}
    for number in sorted(objects):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    size = max(objects) + 1
    table = b"".join(
        b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 65535 f \n" for n in range(1, size)
    )
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        table,
        size,
        trailer,
        len(out),
    )


def _stream(data, keys=b""):
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (keys, len(data), data)


def _encrypted(objects, user_password, number):
    """Streams encrypted by revision 2 of the standard handler (ISO 32000-1, 7.6); the strings are left out of it."""
    user = (user_password.encode() + _PADDING)[:32]
    owner = _rc4(hashlib.md5(b"owner".ljust(32, b"\x00")).digest()[:5], user)
    rights = (-3904).to_bytes(4, "little", signed=True)
    key = hashlib.md5(user + owner + rights + bytes(16)).digest()[:5]
    made = {}
    for one, plain in objects.items():
        made[one] = plain
        if b"stream\n" in plain:
            head, _, rest = plain.partition(b"stream\n")
            salt = one.to_bytes(3, "little") + b"\x00\x00"
            data = _rc4(hashlib.md5(key + salt).digest()[:10], rest.removesuffix(b"\nendstream"))
            made[one] = head + b"stream\n" + data + b"\nendstream"
    made[number] = b"<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P -3904>>" % (
        owner.hex().encode(),
        _rc4(key, _PADDING).hex().encode(),
    )
    return made


def _rc4(key, data):
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
