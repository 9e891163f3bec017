"""Unpacks the wanted files of a wheel (a zip): extract.py WHEEL FOLDER PATTERN...

Patterns are fnmatch patterns over names inside the wheel. Each file's CRC is checked while it is
read. Prints "done total" in bytes as it goes. A file already there with the right size stays.
"""

import fnmatch
import os
import sys
import zipfile

CHUNK = 1 << 20


def main(wheel, folder, patterns):
    with zipfile.ZipFile(wheel) as archive:
        wanted = [
            info
            for info in archive.infolist()
            if not info.is_dir()
            and any(fnmatch.fnmatchcase(info.filename, pattern) for pattern in patterns)
        ]
        if not wanted:
            sys.exit(f"{os.path.basename(wheel)} holds none of {' '.join(patterns)}")
        total = sum(info.file_size for info in wanted)
        done = 0
        for info in wanted:
            target = os.path.normpath(os.path.join(folder, info.filename))
            if not target.startswith(os.path.abspath(folder) + os.sep):
                sys.exit(f"{info.filename} would leave the folder")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if not os.path.exists(target) or os.path.getsize(target) != info.file_size:
                draft = f"{target}.{os.getpid()}.draft"
                with archive.open(info) as source, open(draft, "wb") as sink:
                    while chunk := source.read(CHUNK):
                        sink.write(chunk)
                        if info.file_size > 32 * CHUNK and sink.tell() % (32 * CHUNK) < CHUNK:
                            print(done + sink.tell(), total, flush=True)
                mode = (info.external_attr >> 16) & 0o777
                os.chmod(draft, mode or 0o644)
                os.replace(draft, target)
            done += info.file_size
        print(done, total, flush=True)


main(sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:])
