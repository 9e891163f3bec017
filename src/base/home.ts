import { homedir } from "node:os";
import { resolve } from "node:path";

/** An absolute path, relative ones from `folder`; a leading `~` is the home folder. */
export const expandHome = (path: string, folder: string): string =>
  resolve(
    folder,
    path.replace(/^~(?=$|[\\/])/, () => homedir()),
  );
