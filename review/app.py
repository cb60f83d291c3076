"""The page's addresses: what is asked for by id, and answered as JSON, sound or picture."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from pipeline.errors import Reject, VoxsieveError
from review import sound, tried
from review.answers import body, ranged, skipped, told
from review.desk import Desk
from review.guard import Refused
from review.index import QUEUES
from review.written import Texts

STATIC = Path(__file__).parent / "static"
KINDS = {
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
FILES = {path.name: path for path in sorted(STATIC.iterdir()) if path.suffix in KINDS}
TRIED_SECONDS = 300.0  # heard of a tried file


class Page:
    """The handlers, around a desk."""

    def __init__(self, desk: Desk, corpus: Path, bench: tried.Bench):
        self.desk, self.bench = desk, bench
        self.sounds, self.texts = sound.Sounds(desk.work), Texts(desk.work, corpus, desk.index)

    def static(self, request: Request) -> Response:
        path = FILES.get(request.path_params.get("name", "index.html"))
        if not path:
            raise HTTPException(404, "There is no such file.")
        return FileResponse(path, media_type=KINDS[path.suffix])

    def clip(self, request: Request) -> dict:
        found = self.desk.index.clip(request.path_params["clip"])
        if not found:
            raise HTTPException(404, "There is no such clip.")
        return found

    def about(self, request: Request) -> Response:
        clip = self.clip(request)
        start, end = self.sounds.stretch(clip)
        vocals = self.sounds.samples(clip["recording"], start, end, "vocals")
        told = {"from": start, "to": end, "hop": sound.HOP, "levels": sound.levels(vocals)}
        told |= {"neighbours": self.desk.index.neighbours(clip), "text": self.texts.of(clip["id"])}
        return JSONResponse(clip | told | self.desk.tone(clip))

    def heard(self, request: Request) -> Response:
        clip, which = self.clip(request), request.path_params["which"]
        if which == "clip":
            path = self.desk.work / clip["path"]
            if path.is_file():
                return FileResponse(path, media_type="audio/wav")
            raise HTTPException(404, "The clip's file is gone: run snakemake.")
        return ranged(request, sound.wav(self._signal(clip, which)), "audio/wav")

    def seen(self, request: Request) -> Response:
        clip = self.clip(request)
        return Response(sound.picture(self._signal(clip, request.path_params["which"])), media_type="image/png")

    def _signal(self, clip: dict, which: str):
        if which not in ("source", "vocals"):
            raise HTTPException(404, "There is no such sound.")
        return self.sounds.samples(clip["recording"], *self.sounds.stretch(clip), which)

    def voices(self, request: Request) -> Response:
        return JSONResponse(self.desk.voices())

    def clips(self, request: Request) -> Response:
        queue = request.query_params.get("queue", "uncertain")
        if queue not in QUEUES and not (queue[:1] == "v" and queue[1:].isdigit() and len(queue) < 10):
            raise HTTPException(404, "There is no such queue.")
        return JSONResponse(self.desk.clips(queue, skipped(request)))

    def written(self, request: Request) -> Response:
        return JSONResponse(self.texts.page(skipped(request)))

    def progress(self, request: Request) -> Response:
        return JSONResponse(self.desk.progress())

    async def decide(self, request: Request) -> Response:
        asked = await body(request)
        made = await run_in_threadpool(self.desk.decide, asked)
        return JSONResponse({"id": made.id, "kind": made.kind, "value": made.value})

    async def undo(self, request: Request) -> Response:
        asked = await body(request)
        return JSONResponse({"undone": await run_in_threadpool(self.desk.undo, asked)})

    async def hand_over(self, request: Request) -> Response:
        job = self.bench.begin(request.query_params.get("name", ""))
        try:
            with open(job.path, "wb") as out:
                async for chunk in request.stream():
                    await run_in_threadpool(out.write, chunk)
            if not job.path.stat().st_size:
                raise HTTPException(400, "The file is empty.")
        except BaseException:
            self.bench.forget(job.name)
            raise
        return JSONResponse(tried.account(job), background=BackgroundTask(self.bench.run, job))

    def job(self, request: Request) -> tried.Tried:
        if not (job := self.bench.jobs.get(request.path_params["job"])):
            raise HTTPException(404, "That file was thrown away.")
        return job

    def outcome(self, request: Request) -> Response:
        return JSONResponse(tried.account(self.job(request)))

    def tried_sound(self, request: Request) -> Response:
        job, which, form = self.job(request), request.path_params["which"], request.path_params["form"]
        if job.state != "done" or which not in ("source", "vocals") or form not in ("wav", "png"):
            raise HTTPException(404, "There is no such sound.")
        signal = tried.sound_of(job, which, TRIED_SECONDS)
        if signal is None:
            raise HTTPException(404, "It has no sound.")
        if form == "png":
            return Response(sound.picture(signal), media_type="image/png")
        return ranged(request, sound.wav(signal), "audio/wav")

    async def answer(self, request: Request) -> Response:
        job, asked = self.job(request), await body(request)
        if asked.get("consent") is True and asked.get("answer") in ("yes", "no"):
            who, name = str(asked.get("who", "")), str(asked.get("name", ""))
            await run_in_threadpool(tried.consent, job, self.desk.folder, who, asked["answer"], name)
        return JSONResponse({"kept": asked.get("consent") is True})

    def throw_away(self, request: Request) -> Response:
        self.bench.forget(request.path_params["job"])
        return JSONResponse({})


def make(page: Page) -> Starlette:
    """The application."""
    get, post = ["GET"], ["POST"]
    routes = [
        Route("/", page.static, methods=get),
        Route("/static/{name}", page.static, methods=get),
        Route("/api/voices", page.voices, methods=get),
        Route("/api/clips", page.clips, methods=get),
        Route("/api/texts", page.written, methods=get),
        Route("/api/progress", page.progress, methods=get),
        Route("/api/clip/{clip}", page.about, methods=get),
        Route("/sound/{clip}/{which}", page.heard, methods=get),
        Route("/picture/{clip}/{which}", page.seen, methods=get),
        Route("/api/decide", page.decide, methods=post),
        Route("/api/undo", page.undo, methods=post),
        Route("/api/try", page.hand_over, methods=post),
        Route("/api/try/{job}", page.outcome, methods=get),
        Route("/api/try/{job}", page.throw_away, methods=["DELETE"]),
        Route("/api/try/{job}/answer", page.answer, methods=post),
        Route("/tried/{job}/{which}.{form}", page.tried_sound, methods=get),
    ]
    failures = (VoxsieveError, Reject, HTTPException, Refused, ClientDisconnect)
    handlers = {failure: told(400) for failure in failures}
    return Starlette(routes=routes, exception_handlers=handlers)
