"""The files of benchmarks.clocks: every container and codec that the bundled ffmpeg can write and read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A file that ffmpeg makes: its suffix, arguments for the sound, with a picture, late by so many seconds.

    gap: seconds between the chirps that the stamps leave out.
    """

    name: str
    suffix: str
    arguments: str = ""
    picture: bool = False
    late: float = 0.0
    gap: float = 0.0


CASES = [
    *(
        Case(name, suffix, arguments)
        for name, suffix, arguments in [
            ("WAV, 16 bit", "wav", ""),
            ("WAV, 8 bit", "wav", "-c:a pcm_u8"),
            ("WAV, 24 bit", "wav", "-c:a pcm_s24le"),
            ("WAV, float", "wav", "-c:a pcm_f32le"),
            ("WAV, double", "wav", "-c:a pcm_f64le"),
            ("WAV, A-law, 8 kHz", "wav", "-c:a pcm_alaw -ar 8000"),
            ("WAV, mu-law, 8 kHz", "wav", "-c:a pcm_mulaw -ar 8000"),
            ("WAV, MS ADPCM", "wav", "-c:a adpcm_ms"),
            ("WAV, IMA ADPCM", "wav", "-c:a adpcm_ima_wav"),
            ("WAV, MP3", "wav", "-c:a libmp3lame"),
            ("RF64", "wav", "-rf64 always"),
            ("W64", "w64", ""),
            ("AIFF", "aiff", ""),
            ("AIFF, little-endian (sowt)", "aiff", "-c:a pcm_s16le"),
            ("CAF", "caf", ""),
            ("CAF, ALAC", "caf", "-c:a alac"),
            ("AU", "au", ""),
            ("FLAC", "flac", ""),
            ("FLAC, 24 bit", "flac", "-sample_fmt s32"),
            ("WavPack", "wv", "-c:a wavpack"),
            ("TTA", "tta", ""),
            ("Ogg, FLAC", "ogg", "-c:a flac"),
            ("Ogg, Vorbis", "ogg", "-c:a libvorbis"),
            ("Ogg, Opus", "opus", "-c:a libopus"),
            ("Ogg, Opus, frames of 60 ms", "ogg", "-c:a libopus -frame_duration 60"),
            ("Ogg, Speex, 16 kHz", "ogg", "-c:a libspeex -ar 16000"),
            ("MP3, CBR", "mp3", "-b:a 128k"),
            ("MP3, VBR, 22.05 kHz", "mp3", "-q:a 4 -ar 22050"),
            ("MP3, no Xing header", "mp3", "-write_xing 0"),
            ("MP2", "mp2", ""),
            ("AAC in ADTS", "aac", ""),
            ("M4A, AAC", "m4a", ""),
            ("M4A, AAC, fragmented", "m4a", "-movflags frag_keyframe+empty_moov"),
            ("M4A, ALAC", "m4a", "-c:a alac"),
            ("MP4, AAC", "mp4", ""),
            ("MP4, Opus", "mp4", "-c:a libopus"),
            ("MP4, FLAC", "mp4", "-c:a flac -strict -2"),
            ("MP4, AC-3", "mp4", "-c:a ac3"),
            ("MP4, MP3", "mp4", "-c:a libmp3lame"),
            ("MOV, PCM", "mov", "-c:a pcm_s16le"),
            ("3GP, AMR-NB", "3gp", "-c:a libopencore_amrnb -ar 8000"),
            ("AMR-NB", "amr", "-c:a libopencore_amrnb -ar 8000"),
            ("AMR-WB", "amr", "-c:a libvo_amrwbenc -ar 16000"),
            ("AC-3", "ac3", ""),
            ("E-AC-3", "eac3", ""),
            ("DTS", "dts", "-c:a dca -strict -2"),
            ("TrueHD", "thd", "-c:a truehd -strict -2 -f truehd"),
            ("Matroska, PCM", "mka", "-c:a pcm_s16le"),
            ("Matroska, FLAC", "mka", "-c:a flac"),
            ("Matroska, AAC", "mka", "-c:a aac"),
            ("Matroska, MP3", "mka", "-c:a libmp3lame"),
            ("Matroska, Opus", "mka", "-c:a libopus"),
            ("Matroska, Vorbis", "mka", "-c:a libvorbis"),
            ("Matroska, AC-3", "mka", "-c:a ac3"),
            ("Matroska, WavPack", "mka", "-c:a wavpack"),
            ("WebM, Opus", "webm", "-c:a libopus"),
            ("WebM, Vorbis", "webm", "-c:a libvorbis"),
            ("WMA 1", "wma", "-c:a wmav1"),
            ("WMA 2", "wma", "-c:a wmav2"),
            ("ASF, MP3", "asf", "-c:a libmp3lame"),
            ("MPEG-TS, AAC", "ts", "-c:a aac"),
            ("MPEG-TS, MP2", "ts", "-c:a mp2"),
            ("MPEG-TS, AC-3", "ts", "-c:a ac3"),
            ("MPEG-TS, Opus", "ts", "-c:a libopus"),
            ("AVI, MP3", "avi", "-c:a libmp3lame"),
            ("AVI, PCM", "avi", "-c:a pcm_s16le"),
            ("FLV, AAC", "flv", "-c:a aac"),
            ("FLV, MP3, 44.1 kHz", "flv", "-c:a libmp3lame -ar 44100"),
            ("MPEG-PS, MP2", "mpg", "-c:a mp2"),
            ("NUT, PCM", "nut", "-c:a pcm_s16le"),
        ]
    ),
    *(
        Case(f"{name}, sound 2 s after the picture", suffix, arguments, True, 2.0)
        for name, suffix, arguments in [
            ("MP4, AAC", "mp4", "-c:v mpeg4 -c:a aac"),
            ("MOV, AAC", "mov", "-c:v mpeg4 -c:a aac"),
            ("Matroska, AAC", "mkv", "-c:v mpeg4 -c:a aac"),
            ("Matroska, Opus", "mkv", "-c:v mpeg4 -c:a libopus"),
            ("MPEG-TS, AAC", "ts", "-c:v mpeg2video -c:a aac"),
            ("MPEG-TS, MP2", "ts", "-c:v mpeg2video -c:a mp2"),
            ("M2TS, AC-3", "m2ts", "-c:v mpeg2video -c:a ac3"),
            ("MPEG-PS, MP2", "mpg", "-c:v mpeg1video -c:a mp2"),
            ("WMV, WMA 2", "wmv", "-c:a wmav2"),
            ("FLV, MP3", "flv", "-c:v flv -c:a libmp3lame -ar 44100"),
        ]
    ),
    *(
        Case(f"{name}, {gap:g} s missing in the stamps", suffix, arguments, gap=gap)
        for gap in (3.0, 0.25)
        for name, suffix, arguments in [
            ("MP4, AAC", "mp4", "-c:a aac"),
            ("Matroska, AAC", "mka", "-c:a aac"),
            ("Matroska, PCM", "mka", "-c:a pcm_s16le"),
            ("WebM, Opus", "webm", "-c:a libopus"),
            ("MPEG-TS, AAC", "ts", "-c:a aac"),
            ("WMA 2", "wma", "-c:a wmav2"),
            ("FLV, AAC", "flv", "-c:a aac"),
        ]
    ),
]
