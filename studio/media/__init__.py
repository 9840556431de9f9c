"""The room that opens strangers' files and writes ours: probe, decode, encode, sound, frames, metadata.

    sniff      what a file is, by its first bytes; refuses playlists, pages, archives, text
    container  the little of mp4, Matroska, AVI, GIF and WebP that is read without ffmpeg: is it whole, how is it timed
    ffmpeg     the only place that starts a child process: forced formats, no network, memory caps, a watchdog
    info       MediaInfo, what is known of a file, and the limits that it is checked against
    header     ffmpeg's text about a clip -> MediaInfo
    probe      any file -> MediaInfo, before anything is decoded but one frame
    timing     timestamps -> one exact rate
    pictures   a still picture -> pixels, a large one in a caged child
    reader     the decoding child: frames through a pipe
    decode     file -> FrameStream of uint8 RGB frames at a constant rate, upright
    encode     frames -> H.264 mp4 (and GIF), whole or not at all
    sound      the source's sound, kept in step and cut to the video's length
    frames     fit, crop, pad to even sides, lay over white
    metadata   what a finished file says about itself, and reading it back
    xmp        the same for other programs: the XMP packet in mp4, GIF and PNG
    certificates  a signing certificate and its key, checked
    credentials   C2PA: finished files signed with them, the last step

Imports plain data only; torch never.
"""

import logging

# below that Pillow logs what a picture's tags say: places, dates, names
logging.getLogger("PIL").setLevel(logging.INFO)
