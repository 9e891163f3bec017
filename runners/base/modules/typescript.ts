import { readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import type TypeScript from "typescript";

/** What Node's loader of CommonJS modules calls for a file by its ending. */
type Loader = (module: { _compile(code: string, file: string): unknown }, file: string) => void;

/**
 * From now on this process loads `.ts` files, with what they import from other `.ts` files. Types are
 * removed and not checked. Node strips types by itself from 22.18 on; this way is the same in every
 * version, and takes enums too. Throws where the package `typescript` is not there.
 */
export function loadTypeScript(): void {
  const loaders = (Module as unknown as { readonly _extensions: { [ending: string]: Loader } })
    ._extensions;
  if (loaders[".ts"]?.name === load.name) return;
  typescript ??= createRequire(import.meta.url)("typescript") as typeof TypeScript;
  loaders[".ts"] = load;
}

let typescript: typeof TypeScript | undefined;

const load: Loader = function loadStripped(module, file) {
  const { ModuleKind, ScriptTarget } = typescript!;
  const { outputText, diagnostics } = typescript!.transpileModule(readFileSync(file, "utf8"), {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: {
      module: ModuleKind.CommonJS,
      target: ScriptTarget.ES2022,
      esModuleInterop: true,
      inlineSourceMap: true,
    },
  });
  const [fault] = diagnostics ?? [];
  if (fault !== undefined) {
    const { line, character } = fault.file?.getLineAndCharacterOfPosition(fault.start ?? 0) ?? {
      line: 0,
      character: 0,
    };
    const message = typescript!.flattenDiagnosticMessageText(fault.messageText, " ");
    throw new SyntaxError(`${message} (${file}:${line + 1}:${character + 1})`);
  }
  module._compile(outputText, file);
};
