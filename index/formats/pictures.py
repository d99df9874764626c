"""The pages of a PDF file as they are printed: how large each is, and a picture of one."""

import ctypes
import io
import math
import time
from typing import TYPE_CHECKING, Any

from index.formats.opening import open_file, turn
from index.types import BriefError, Original

if TYPE_CHECKING:
    from PIL.Image import Image

# A page may say that it is 200 inches wide or a point, and its images may unpack to gigabytes:
# neither fills the memory. An A3 page scanned at 600 dots an inch has 70 million.
_MAX_HEIGHT_PX = 8_000
_MAX_IMAGE_PX = 100_000_000
_MAX_S = 20.0  # of drawing, while which no other page or file is read
_LETTER = (612.0, 792.0)  # in points, for a page that does not say its size
_QUALITY = 88  # at which letters have no shadows


class NoSuchPage(BriefError):
    """A file has fewer pages."""


def page_sizes(data: Original) -> list[tuple[float, float]]:
    """Return width and height of each page in points, as it is shown: turned and cropped.

    Raises:
        BriefError: the file cannot be opened.
    """
    import pypdfium2.raw as raw

    sizes, size = [], raw.FS_SIZEF()
    with turn(), open_file(data, "The PDF") as file:
        for n in range(len(file)):
            found = raw.FPDF_GetPageSizeByIndexF(file, n, size)
            plausible = found and all(0 < x < math.inf for x in (size.width, size.height))
            sizes.append((size.width, size.height) if plausible else _LETTER)
    return sizes


def picture(data: Original, number: int, *, width_px: int) -> bytes:
    """Return page `number`, from 1, as a JPEG picture at most so wide.

    JPEG, because a page of text takes a tenth of the time of PNG or WebP.

    Raises:
        NoSuchPage: there is none of that number.
        BriefError: it cannot be drawn, or not within bounds.
    """
    with turn(), open_file(data, "The PDF") as file:
        page = load_page(file, number)
        try:
            image = _drawn(page, number, width_px)
        finally:
            page.close()
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return out.getvalue()


def load_page(file: Any, number: int) -> Any:
    """Return a `PdfPage`, in one's turn. Raises `BriefError` where it cannot be had."""
    import pypdfium2

    if not 1 <= number <= len(file):
        raise NoSuchPage(f"There is no page {number}. Choose one of {len(file)}.")
    try:
        return file[number - 1]
    except pypdfium2.PdfiumError:
        raise _undrawn(number, "is damaged") from None


def _drawn(page: Any, number: int, width_px: int) -> "Image":
    import pypdfium2
    import pypdfium2.internal
    import pypdfium2.raw as raw

    wide, tall = page.get_size()
    if not (0 < wide < math.inf and 0 < tall < math.inf):
        raise _undrawn(number, "has no size")
    if _image_px(page) > _MAX_IMAGE_PX:
        raise _undrawn(number, "has larger images than are safe to open")
    scale = min(width_px / wide, _MAX_HEIGHT_PX / tall)
    size = [max(1, min(round(x * scale), most)) for x, most in
            ((wide, width_px), (tall, _MAX_HEIGHT_PX))]  # fmt: skip
    bitmap = pypdfium2.PdfBitmap.new_native(*size, raw.FPDFBitmap_BGRx, rev_byteorder=True)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
    end_s = time.monotonic() + _MAX_S
    pause = raw.IFSDK_PAUSE(version=1)
    pypdfium2.internal.set_callback(pause, "NeedToPauseNow", lambda _: time.monotonic() > end_s)
    flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
    status = raw.FPDF_RenderPageBitmap_Start(bitmap, page, 0, 0, *size, 0, flags, pause)
    raw.FPDF_RenderPage_Close(page)
    if status != raw.FPDF_RENDER_DONE:
        late = status == raw.FPDF_RENDER_TOBECONTINUED
        raise _undrawn(number, "takes too long to draw" if late else "is damaged")
    image: Image = bitmap.to_pil().convert("RGB")
    bitmap.close()
    return image


def _image_px(page: Any) -> int:
    """Return how many pixels the images of a page have together, as it says of them."""
    import pypdfium2
    import pypdfium2.raw as raw

    wide, tall = ctypes.c_uint(), ctypes.c_uint()
    total = 0
    try:
        for image in page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=5):
            if raw.FPDFImageObj_GetImagePixelSize(image, wide, tall):
                total += wide.value * tall.value
    except pypdfium2.PdfiumError:
        pass  # what cannot be listed is not drawn either
    return total


def _undrawn(number: int, why: str) -> BriefError:
    return BriefError(f"Page {number} {why}, so there is no picture of it. Read its text instead.")
