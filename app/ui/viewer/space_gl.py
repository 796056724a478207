"""Stacks in space, drawn by the graphics card: rays go through textures of three dimensions."""

import time
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import (
    QHideEvent,
    QMatrix3x3,
    QOffscreenSurface,
    QOpenGLContext,
    QOpenGLExtraFunctions,
    QShowEvent,
    QSurfaceFormat,
    QVector2D,
    QVector3D,
)
from PySide6.QtOpenGL import (
    QOpenGLFramebufferObject,
    QOpenGLPixelTransferOptions,
    QOpenGLShader,
    QOpenGLShaderProgram,
    QOpenGLTexture,
    QOpenGLVertexArrayObject,
)
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget

from app.ui.viewer.contrast import as_rgb, colours
from app.ui.viewer.turning import FULL, Blending, Camera, Vector, density
from models.source import Pixels

OLDEST = (3, 2)  # the first version with all that is needed
IMITATIONS = ("llvmpipe", "softpipe", "swrast", "swiftshader", "gdi generic", "basic render", "software")
QUALITIES = ((4, 64), (3, 96), (2, 128), (2, 256), (1, 256), (1, 512))  # pixels in one, samples along a ray
MOVING_S, STILL_S = 0.03, 0.08  # that drawing may take
TRIANGLES, COLOUR_BUFFER = 0x0004, 0x4000
LINEAR = 0x2601
RENDERER = 0x1F01
FRAME, READ_FRAME, DRAW_FRAME = 0x8D40, 0x8CA8, 0x8CA9

CORNERS = """#version 150
out vec2 at;
void main() {
    at = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    gl_Position = vec4(at, 0.0, 1.0);
}
"""

RAYS = """#version 150
in vec2 at;
out vec4 colour;
uniform mat3 turn;
uniform vec3 extent;
uniform vec2 reach;
uniform vec3 ground;
uniform int samples;
uniform int is_translucent;
uniform float density;
uniform sampler2D luts;
{volumes}
vec3 shade(int channel, float bright) {{
    return texture(luts, vec2((bright * 255.0 + 0.5) / 256.0, (float(channel) + 0.5) / {count}.0)).rgb;
}}
void main() {{
    vec3 origin = turn * vec3(at.x * reach.x, -at.y * reach.y, 0.0);
    vec3 along = turn * vec3(0.0, 0.0, 1.0);
    along += vec3(equal(along, vec3(0.0))) * 1e-6;
    vec3 one = (-0.5 * extent - origin) / along, other = (0.5 * extent - origin) / along;
    vec3 low = min(one, other), high = max(one, other);
    float first = max(max(low.x, low.y), low.z), last = min(min(high.x, high.y), high.z);
    colour = vec4(ground, 1.0);
    if (first >= last) return;
    vec3 step = along * (last - first) / float(samples) / extent;
    vec3 place = (origin + along * first) / extent + 0.5 + 0.5 * step;
    if (is_translucent == 1) {{
        float through = 1.0, thin = density * (last - first) / float(samples);
        vec3 light = vec3(0.0);
        for (int n = 0; n < samples && through > 0.004; n++) {{
            float brightest = 0.0;
            vec3 sum = vec3(0.0);
            {gather}
            float opacity = 1.0 - exp(-thin * brightest);
            light += through * opacity * min(sum, 1.0);
            through *= 1.0 - opacity;
            place += step;
        }}
        colour = vec4(light + through * ground, 1.0);
    }} else {{
        {begin}
        for (int n = 0; n < samples; n++) {{
            {compare}
            place += step;
        }}
        colour = vec4(min(max({total}, ground), 1.0), 1.0);
    }}
}}
"""


def is_there(surface: QOffscreenSurface) -> bool:
    """Whether a graphics card draws stacks faster than the processor could; for a thread.

    `surface` was made in the window's thread, as all surfaces must be.
    """
    context = QOpenGLContext()
    context.setFormat(wanted_format())
    if not context.create() or context.isOpenGLES() or context.format().version() < OLDEST:
        return False
    if not context.makeCurrent(surface):
        return False
    name = str(context.functions().glGetString(RENDERER)).lower()
    context.doneCurrent()
    return not any(word in name for word in IMITATIONS)


def make_surface() -> QOffscreenSurface | None:
    """Return a surface to ask with; None if it cannot be asked in a thread."""
    if not QOpenGLContext.supportsThreadedOpenGL():
        return None
    surface = QOffscreenSurface()
    surface.setFormat(wanted_format())
    surface.create()
    return surface if surface.isValid() else None


def wanted_format() -> QSurfaceFormat:
    """Return what a context must offer."""
    wanted = QSurfaceFormat()
    wanted.setVersion(*OLDEST)
    wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    return wanted


class CardView(QOpenGLWidget):
    """Draws stacks as finely as there is time for; finer when they stand still."""

    failed = Signal()  # the card cannot draw it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFormat(wanted_format())
        self._stacks: tuple[Pixels, ...] = ()
        self._luts: tuple[str, ...] = ()
        self._extent: Vector = (1.0, 1.0, 1.0)
        self._camera = Camera()
        self._blending: Blending = "maximum"
        self._is_moving = False
        self._is_new = False
        self._program: QOpenGLShaderProgram | None = None
        self._textures: list[QOpenGLTexture] = []
        self._array: QOpenGLVertexArrayObject | None = None
        self._target: QOpenGLFramebufferObject | None = None
        self._per_second = 0.0  # samples that were drawn lately

    def show_stacks(self, stacks: Sequence[Pixels], luts: Sequence[str], extent: Vector) -> None:
        """Draw these stacks of brightness from now on."""
        self._stacks, self._luts, self._extent = tuple(stacks), tuple(luts), extent
        self._is_new = True
        self.update()

    def show_camera(self, camera: Camera, blending: Blending, *, is_moving: bool) -> None:
        """Look at them like this; while they move, speed comes before beauty."""
        self._camera, self._blending, self._is_moving = camera, blending, is_moving
        self.update()

    def initializeGL(self) -> None:
        """Prepare what does not change."""
        self._array = QOpenGLVertexArrayObject(self)
        self._array.create()

    def paintGL(self) -> None:
        """Draw all rays, a few pixels at a time if the card is slow."""
        card = self.context().functions()
        card.glClearColor(0.0, 0.0, 0.0, 1.0)
        card.glClear(COLOUR_BUFFER)
        if self._is_new:
            self._is_new = False
            self._take_over()
        if self._program is None or self._array is None:
            return
        ratio = self.devicePixelRatioF()
        width, height = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        share, samples = self._quality(width, height)
        small = (max(1, width // share), max(1, height // share))
        if self._target is None or (self._target.width(), self._target.height()) != small:
            self._target = QOpenGLFramebufferObject(*small)
        begin = time.perf_counter()
        self._target.bind()
        card.glViewport(0, 0, *small)
        self._draw(width, height, samples)
        card.glFinish()
        spent = time.perf_counter() - begin
        self._per_second = small[0] * small[1] * samples * len(self._stacks) / max(spent, 1e-4)
        self._target.release()
        card.glBindFramebuffer(FRAME, self.defaultFramebufferObject())
        card.glViewport(0, 0, width, height)
        _copy(self._target, self.defaultFramebufferObject(), (width, height))

    def _quality(self, width: int, height: int) -> tuple[int, int]:
        """Return how many pixels become one and how many samples a ray has, as good as there is time for."""
        time_left = MOVING_S if self._is_moving else STILL_S
        affordable = self._per_second * time_left / max(1, len(self._stacks))
        fine = [row for row in QUALITIES if width * height / row[0] ** 2 * row[1] <= affordable]
        return fine[-1] if fine else QUALITIES[0]

    def _draw(self, width: int, height: int, samples: int) -> None:
        program, array = self._program, self._array
        assert program is not None
        assert array is not None
        card = self.context().functions()
        program.bind()
        for number, texture in enumerate(self._textures):
            texture.bind(number)
        unit = self._camera.unit(self._extent, width, height)
        place = program.uniformLocation
        program.setUniformValue(place("turn"), _matrix(self._camera.turn.T))
        program.setUniformValue(place("extent"), QVector3D(*self._extent))
        program.setUniformValue(place("reach"), QVector2D(width / 2 / unit, height / 2 / unit))
        program.setUniformValue(place("ground"), QVector3D())
        program.setUniformValue1i(place("samples"), samples)
        program.setUniformValue1i(place("is_translucent"), int(self._blending == "translucent"))
        program.setUniformValue1f(place("density"), density(self._extent))
        array.bind()
        card.glDrawArrays(TRIANGLES, 0, 3)
        array.release()
        program.release()

    def _take_over(self) -> None:
        """Bring stacks and colours to the card."""
        self._forget_textures()
        count = len(self._stacks)
        if not count:
            self._program = None
            return
        self._program = self._compiled(count)
        if self._program is None:
            self.failed.emit()
            return
        self._textures = [_colour_texture(self._luts), *(_stack_texture(stack) for stack in self._stacks)]
        program = self._program
        program.bind()
        for unit, name in enumerate(("luts", *(f"volume{number}" for number in range(count)))):
            program.setUniformValue1i(program.uniformLocation(name), unit)
        program.release()

    def _compiled(self, count: int) -> QOpenGLShaderProgram | None:
        program = QOpenGLShaderProgram()
        is_fine = (
            program.addShaderFromSourceCode(QOpenGLShader.ShaderTypeBit.Vertex, CORNERS)
            and program.addShaderFromSourceCode(QOpenGLShader.ShaderTypeBit.Fragment, rays_for(count))
            and program.link()
        )
        return program if is_fine else None

    def _forget_textures(self) -> None:
        for texture in self._textures:
            texture.destroy()
        self._textures = []

    def showEvent(self, event: QShowEvent) -> None:
        """Bring everything to the card again."""
        super().showEvent(event)
        self._is_new = True

    def hideEvent(self, event: QHideEvent) -> None:
        """Give the card's memory back."""
        super().hideEvent(event)
        if self.context() is not None:
            self.makeCurrent()
            self._forget_textures()
            self._program = self._target = None
            self.doneCurrent()


def rays_for(count: int) -> str:
    """Return the program of a ray through `count` stacks."""
    numbers = range(count)
    samples = [f"texture(volume{n}, place).r" for n in numbers]
    return RAYS.format(
        count=count,
        volumes="\n".join(f"uniform sampler3D volume{n};" for n in numbers),
        begin=" ".join(f"float most{n} = 0.0;" for n in numbers),
        compare=" ".join(f"most{n} = max(most{n}, {samples[n]});" for n in numbers),
        total=" + ".join(f"shade({n}, most{n})" for n in numbers),
        gather=" ".join(
            f"float b{n} = {samples[n]}; brightest = max(brightest, b{n}); sum += shade({n}, b{n});"
            for n in numbers
        ),
    )


def _copy(source: QOpenGLFramebufferObject, target: int, size: tuple[int, int]) -> None:
    """Copy a picture that may be smaller, with soft edges, to the place where Qt shows it."""
    extra = QOpenGLExtraFunctions(QOpenGLContext.currentContext())
    extra.glBindFramebuffer(READ_FRAME, source.handle())
    extra.glBindFramebuffer(DRAW_FRAME, target)
    extra.glBlitFramebuffer(0, 0, source.width(), source.height(), 0, 0, *size, COLOUR_BUFFER, LINEAR)
    extra.glBindFramebuffer(FRAME, target)


def _stack_texture(stack: Pixels) -> QOpenGLTexture:
    depth, height, width = stack.shape
    texture = QOpenGLTexture(QOpenGLTexture.Target.Target3D)
    texture.setFormat(QOpenGLTexture.TextureFormat.R8_UNorm)
    texture.setSize(width, height, depth)
    return _filled(texture, QOpenGLTexture.PixelFormat.Red, np.ascontiguousarray(stack).tobytes())


def _colour_texture(luts: Sequence[str]) -> QOpenGLTexture:
    tables = np.stack([as_rgb(colours(lut, FULL, "uint8")) for lut in luts])  # (n, 256, 3)
    texture = QOpenGLTexture(QOpenGLTexture.Target.Target2D)
    texture.setFormat(QOpenGLTexture.TextureFormat.RGB8_UNorm)
    texture.setSize(256, len(luts))
    return _filled(texture, QOpenGLTexture.PixelFormat.RGB, np.ascontiguousarray(tables).tobytes())


def _filled(texture: QOpenGLTexture, kind: QOpenGLTexture.PixelFormat, content: bytes) -> QOpenGLTexture:
    texture.setMipLevels(1)
    texture.allocateStorage(kind, QOpenGLTexture.PixelType.UInt8)
    options = QOpenGLPixelTransferOptions()
    options.setAlignment(1)
    texture.setData(kind, QOpenGLTexture.PixelType.UInt8, content, options)  # type: ignore[call-overload]  # bytes are meant by its "int"
    is_stack = texture.target() == QOpenGLTexture.Target.Target3D
    soft = QOpenGLTexture.Filter.Linear if is_stack else QOpenGLTexture.Filter.Nearest
    texture.setMinMagFilters(soft, soft)
    texture.setWrapMode(QOpenGLTexture.WrapMode.ClampToEdge)
    return texture


def _matrix(turn: np.ndarray) -> QMatrix3x3:
    return QMatrix3x3([float(value) for value in turn.ravel()])
