type Colours = { readonly [variable: string]: string };

/** Colours of the page in the light scheme, by the CSS variables that hold them. */
export const LIGHT: Colours = {
  "--ground": "#ffffff",
  "--text": "#1c1e21",
  "--quiet": "#55595f",
  "--line": "#b9bdc4",
  "--panel": "#f4f5f7",
  "--series-1": "#0b62a8",
  "--series-2": "#b45309",
  "--series-3": "#157347",
  "--series-4": "#8b3fa8",
  "--series-5": "#b3261e",
  "--series-6": "#00707a",
  "--series-7": "#6b5c00",
};

/** The same in the dark scheme. */
export const DARK: Colours = {
  "--ground": "#15171a",
  "--text": "#e7e9ec",
  "--quiet": "#a9afb8",
  "--line": "#4d535b",
  "--panel": "#1f2226",
  "--series-1": "#6db3f2",
  "--series-2": "#f0a35a",
  "--series-3": "#62c98d",
  "--series-4": "#cf94e6",
  "--series-5": "#f28b82",
  "--series-6": "#5cc8d1",
  "--series-7": "#d8c25a",
};

const declared = (colours: Colours): string =>
  Object.entries(colours)
    .map(([name, value]) => `${name}: ${value};`)
    .join(" ");

/** Style that declares the colours of both schemes; the reader's system chooses. */
export const colourStyle = (): string =>
  `:root { ${declared(LIGHT)} }\n@media (prefers-color-scheme: dark) { :root { ${declared(DARK)} } }`;
