"""Pages of one paragraph, and a WARC file of them."""

import io

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

PROSE = (
    "La diabetes tipo 2 aparece cuando el cuerpo no usa bien la insulina que produce. El tratamiento empieza por la "
    "dieta y el ejercicio, y cuando no bastan se añade un medicamento. Conviene revisar los pies cada noche y acudir "
    "a la consulta de la enfermera si aparece una herida. El azúcar en sangre se mide en ayunas y después de comer."
)


def html(text=PROSE):
    return f'<html lang="es"><body><article><p>{text}</p></article></body></html>'.encode()


def write_warc(path, bodies):
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for number, body in enumerate(bodies):
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(
                    f"https://a.example/{number}", "response", payload=io.BytesIO(body), http_headers=head
                )
            )
    return path
