"""A file that comes as a form (`multipart/form-data`), as `curl -F file=@report.pdf` sends it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import HTTPException, Request, UploadFile
from starlette.datastructures import UploadFile as StarletteUploadFile
from starlette.exceptions import HTTPException as StarletteHTTPException

from index.reading import MAX_ARCHIVE_BYTES

_FORM_BYTES = 10_000  # of a form around its file
_CHUNK_BYTES = 1 << 20
_EXAMPLE = "curl -F file=@report.pdf …"

UPLOAD: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "contentMediaType": "application/octet-stream",
                        "description": "The file, with its name.",
                    }
                },
            }
        }
    },
}


@asynccontextmanager
async def first_file(request: Request) -> AsyncIterator[tuple[str, AsyncIterator[bytes], int]]:
    """Give the name of the file in a form, what is in it, and how many bytes that are.

    Raises:
        HTTPException: there is no file, no length, or more than is ever read.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise HTTPException(411, "Say how long the request is: send Content-Length.")
    if int(length) > MAX_ARCHIVE_BYTES + _FORM_BYTES:
        most = MAX_ARCHIVE_BYTES // 1_000_000
        raise HTTPException(413, f"The file is larger than {most} MB. Split it and add the parts.")
    try:
        form = await request.form(max_files=1, max_fields=10)
    except StarletteHTTPException as error:  # whose words are its parser's
        said = f"The form cannot be read ({error.detail}) Send one file: {_EXAMPLE}"
        raise HTTPException(error.status_code, said) from error
    try:
        file = form.get("file")
        if not isinstance(file, StarletteUploadFile):
            raise HTTPException(422, f"There is no file. Send one: {_EXAMPLE}")
        yield file.filename or "", _chunks(file), file.size or 0
    finally:
        await form.close()


async def _chunks(file: UploadFile | StarletteUploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK_BYTES):
        yield chunk
