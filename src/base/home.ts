import { homedir } from "node:os";
import { resolve } from "node:path";

/** What a path begins with that starts at the home folder. */
export const AT_HOME = /^~(?=$|[\\/])/;

/** An absolute path, relative ones from `folder`; a leading `~` is the home folder. */
export const expandHome = (path: string, folder: string): string =>
  resolve(
    folder,
    path.replace(AT_HOME, () => homedir()),
  );
