import type { Json } from "./json.js";
import { isJsonObject } from "./json.js";

/**
 * The one redactor: it stands in front of everything that r4ec prints, records or sends on. It
 * knows secrets by their place (user info and query of an address, headers, settings that hold a
 * password), by the known forms of keys, and by value, once it has seen them in such a place. In
 * doubt it hides: a message that says too little is better than a password in a journal.
 */

/** What stands in place of a secret. */
const MASK = "***";

/** Settings, parameters and variables that hold a secret, by the end of their names. */
const SECRET_NAME =
  "(?:api[-_]?key|access[-_]?key|private[-_]?key|secret[-_]?key|secret|password|passwd|pwd|passphrase" +
  "|credentials?|authorization|(?:access|api|auth|bearer|bot|hf|hub|id|refresh|session)[-_]?token)";
const isSecretName = new RegExp(`(?:^|[-_.])${SECRET_NAME}$`, "i");

/** Whether a setting of this name holds a secret itself. */
export const holdsSecret = (setting: string): boolean => isSecretName.test(setting);

const SECRET_WORDS =
  /(?:^|_)(?:api_?key|key|keys|token|secrets?|password|passwd|pwd|pass|passphrase|pin|pat|credentials?|auth|authorization|cookie|bearer|jwt)(?:_|$)|(?:password|passwd|secret|apikey|token)$/i;

/** Whether a variable of this name probably holds a secret: `HF_TOKEN`, `PGPASSWORD`. */
export const namesSecret = (variable: string): boolean => SECRET_WORDS.test(variable);

/**
 * Query parameters of an address whose names hold one of these words carry a secret; MLflow's for the name of a
 * view does not.
 */
const SECRET_PARAMETER =
  /([?&#;](?!viewStateShareKey=)(?:code|[^=&;\s"'<>]*(?:token|key|secret|pass|pwd|auth|sig|credential)[^=&;\s"'<>]*)=)([^&\s"'<>]+)/gi;

/** Keys of well-known services, by the forms that these services give them. */
const KEY_FORMS: readonly RegExp[] = [
  /(?<![A-Za-z0-9])sk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{8,}/g, // OpenAI and many like it
  /(?<![A-Za-z0-9])(?:gsk|r8|rk_live|sk_live|sk_test)_[A-Za-z0-9]{8,}/g, // Groq, Replicate, Stripe
  /(?<![A-Za-z0-9])hf_[A-Za-z0-9]{12,}/g, // Hugging Face
  /(?<![A-Za-z0-9])(?:gh[opusr]_[A-Za-z0-9]{12,}|github_pat_[A-Za-z0-9_]{12,}|glpat-[\w-]{12,})/g,
  /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{12,}/g, // AWS
  /(?<![A-Za-z0-9])xox[a-z]-[A-Za-z0-9-]{8,}/g, // Slack
  /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{20,}/g, // Google
  /(?<![A-Za-z0-9])dapi[0-9a-f]{32}(?![0-9a-f])/g, // Databricks
  /(?<![A-Za-z0-9])(?:fw|tgp_v1|wandb_v1|esecret)_(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,}/g, // Fireworks, Together, Weights & Biases, Anyscale
  /(?<![A-Za-z0-9])[A-Z]{3}\|\d{6,}\|[A-Za-z0-9_-]{12,}/g, // Meta
  /(?<![A-Za-z0-9])(?:nvapi|pplx|xai|pypi|csk|sess|co)[-_](?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{12,}/g, // NVIDIA, Perplexity and others
  /(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g, // JSON Web Token
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

const HEADER = /\b(Basic|Bearer)(\s+)([A-Za-z0-9+/=._~-]{6,})/g;
const ASSIGNED = new RegExp(
  `((?<![A-Za-z0-9])(?:[A-Za-z0-9]+[-_])*${SECRET_NAME}["']?\\s*[:=]\\s*["']?)(?!\\*\\*\\*)([^\\s"',;}\\]]{4,})`,
  "gi",
);
/** The value of a header of HTTP, whatever its scheme; a cookie's is all of the line. */
const AUTHORIZATION =
  /(\bauthorization["']?\s*[:=]\s*["']?(?:[A-Za-z]+\s+)?)(?!\*\*\*)([^\s"',;}\]]{4,})/gi;
const COOKIE = /(\b(?:set-)?cookie["']?\s*:\s*["']?)(?!\*\*\*)([^\n\r"']{4,})/gi;
/** A variable of the environment by its name, an option of a command line, and words about a key that was refused. */
const VARIABLE_SET = /(\b[A-Z][A-Z0-9_]*_TOKEN=["']?)(?!\*\*\*)([^\s"',;}\]]{6,})/g;
const OPTION = /(--(?:api-?key|token|password|secret)[= ]["']?)(?!\*\*\*|-)([^\s"']{6,})/gi;
/** A line of a `.netrc` file. */
const NETRC = /(\blogin\s+\S+\s+password\s+["']?)(?!\*\*\*)([^\s"']{4,})/gi;
const REFUSED_KEY = /(\bAPI key provided:\s*["']?)(?!\*\*\*)([^\s"']{6,})/gi;
/** User info in front of a host without a scheme, as variables of proxies have it. */
const PROXY =
  /((?:^|[\s=("'`]|\/\/)[\w.+%-]+:)(?!\*\*\*|\/\/)([^\s/:@"'`]{4,})(?=@[\w-]+(?:\.[\w-]+)*(?:\.[a-z]{2,}|:\d{2,5})\b)/gi;
/** The same after two slashes, where no other text is meant: any host, and a user alone. */
const SLASHES = /((?<![\w:/])\/\/[^\s/?#:@"'<>`]*:)(?!\*\*\*)([^\s/?#"'<>`]{4,})(?=@[\w[])/gi;

/** A setting that should name a variable and holds something else, perhaps the key itself. */
const VARIABLE = /(_env["']?\s*[:=]\s*["']?)([^\s"',;}\]]{12,})/gi;
const isVariableName = /^[A-Z][A-Z0-9_]*$/;

const SCHEME = "\\b[a-z][a-z0-9+.-]*:\\/\\/";
const BEFORE_NEXT = `(?!${SCHEME})`;
const HOST = "(?=[\\w[*.-])";
/**
 * User info of an address within a text. A password may hold anything but a quote, so that the last
 * `@` counts. What looks like a port (`host:5000`) begins no password that holds a blank.
 */
const USER_INFO = new RegExp(
  `(${SCHEME})(` +
    [
      `(?:${BEFORE_NEXT}[^\\s/?#"'<>\`])*`,
      `[^\\s/?#:@"'<>\`]*:(?!\\d{1,5}(?:[/?#\\s"'<>]|$))(?:${BEFORE_NEXT}[^\\n\\r"'<>\`])*`,
      `[^\\s/?#:@"'<>\`]*:(?:${BEFORE_NEXT}[^\\s"'<>\`])*`,
    ]
      .map((form) => `${form}@${HOST}`)
      // The longest one that fits: the forms with a colon first.
      .reverse()
      .join("|") +
    ")",
  "gi",
);
/** The same in a value that is an address from its beginning to its end. */
const WHOLE_ADDRESS = new RegExp(`^(\\s*${SCHEME})([^/?#:@]*:[^\\n\\r]*@|[^/?#@]*@)`, "i");

/**
 * What every form above has something of: a text without it holds no secret but those known by value. The texts
 * of a large sweep are mostly such ones, and all the forms together take their time.
 */
const SUSPECT = /[:=@_|-]|[A-Za-z0-9]{10}|\b(?:login|basic|bearer)\b/i;
/** Fingerprints and ids of r4ec, which no form takes for a secret. */
const HEXADECIMAL = /^[0-9a-f]+$/;

/** Secrets that have been seen, longest first, so that none is cut by a part of it. */
let known: readonly string[] | null = null;

/** The text without the secrets that their place or form gives away; `found` hears each of them. */
function conceal(text: string, found: (secret: string) => void): string {
  const hide = (secret: string): string => {
    if (secret !== MASK) found(secret);
    return MASK;
  };
  const ofAddress = (whole: string, scheme: string, info: string): string => {
    if (/^\s*file:/i.test(scheme)) return whole;
    const user = info.slice(0, -1);
    if (user === MASK) return whole;
    const colon = user.indexOf(":");
    found(colon < 0 ? user : user.slice(colon + 1));
    return `${scheme}${MASK}@`;
  };
  let shown = text.replace(WHOLE_ADDRESS, ofAddress).replace(USER_INFO, ofAddress);
  for (const form of KEY_FORMS) shown = shown.replace(form, hide);
  return shown
    .replace(HEADER, (_, kind: string, gap: string, value: string) => kind + gap + hide(value))
    .replace(SECRET_PARAMETER, (_, name: string, value: string) => name + hide(value))
    .replace(AUTHORIZATION, (_, name: string, value: string) => name + hide(value))
    .replace(COOKIE, (_, name: string, value: string) => name + hide(value))
    .replace(VARIABLE_SET, (_, name: string, value: string) => name + hide(value))
    .replace(OPTION, (_, name: string, value: string) => name + hide(value))
    .replace(REFUSED_KEY, (_, name: string, value: string) => name + hide(value))
    .replace(NETRC, (_, name: string, value: string) => name + hide(value))
    .replace(SLASHES, (_, name: string, value: string) => name + hide(value))
    .replace(PROXY, (_, name: string, value: string) => name + hide(value))
    .replace(ASSIGNED, (_, name: string, value: string) => name + hide(value))
    .replace(VARIABLE, (whole, name: string, value: string) =>
      isVariableName.test(value) || value === MASK ? whole : name + hide(value),
    );
}

/** Too short, or too much like a word or a number, to be looked for by its value. */
const isTelling = (secret: string): boolean =>
  secret.length >= 6 && /\D/.test(secret) && (secret.length >= 12 || /[^A-Za-z]/.test(secret));

/** From now on this value is hidden wherever it stands, also as an address spells it. */
export function learnSecret(secret: string | undefined): void {
  if (secret === undefined || !isTelling(secret)) return;
  const all = new Set([...knownSecrets(), secret, encodeURIComponent(secret.toWellFormed())]);
  try {
    all.add(decodeURIComponent(secret));
  } catch {
    // A bare percent sign: it is spelled in one way only.
  }
  known = [...all].filter(isTelling).sort((a, b) => b.length - a.length);
  clean.clear();
}

/** Learns the secrets that settings hold, by their places and forms. */
export function learnSecrets(value: Json): void {
  redactValue(value, null, learnSecret);
}

function knownSecrets(): readonly string[] {
  if (known !== null) return known;
  known = [];
  for (const [name, value = ""] of Object.entries(process.env)) {
    if (/(?:key|token|secret|password|passwd|credentials?)$/i.test(name)) {
      if (value.length >= 8) learnSecret(value);
    } else if (value.includes("://")) {
      conceal(value, learnSecret);
    }
  }
  return known;
}

/** Short texts that hold no secret: settings of many cells repeat the same few. */
const clean = new Set<string>();
const MOST_CLEAN = 10_000;

/** A text without anything in it that may be a secret. */
export function redact(text: string): string {
  // Nothing so short holds one.
  if (text.length < 6 || clean.has(text)) return text;
  const isPlain = !SUSPECT.test(text) || HEXADECIMAL.test(text);
  let shown = isPlain ? text : conceal(text, () => undefined);
  for (const secret of knownSecrets()) shown = shown.replaceAll(secret, MASK);
  // What is plain is seen again as fast.
  if (shown === text && !isPlain && text.length < 100) {
    if (clean.size >= MOST_CLEAN) clean.clear();
    clean.add(text);
  }
  return shown;
}

/**
 * A value whose texts have been through {@link redact}; the same object where nothing is hidden. `T` is JSON
 * by its type, or an interface whose values are (which TypeScript does not take for JSON).
 */
export function redactJson<T extends Json | object>(value: T): T;
export function redactJson(value: Json): Json {
  return redactValue(value, null, null);
}

/** Hides secrets in a value, or, where `found` is given, only tells of them. */
function redactValue(
  value: Json,
  name: string | null,
  found: ((secret: string) => void) | null,
): Json {
  if (typeof value === "string") {
    if (isSecretByName(value, name)) {
      found?.(value);
      return MASK;
    }
    return found === null ? redact(value) : conceal(value, found);
  }
  if (Array.isArray(value)) {
    const list = value.map((each: Json) => redactValue(each, name, found));
    return list.every((each, index) => each === value[index]) ? value : list;
  }
  if (!isJsonObject(value)) return value;
  let changed = false;
  const entries = Object.entries(value).map(([key, each]): [string, Json] => {
    const entry: [string, Json] = [
      found === null ? redact(key) : key,
      redactValue(each, key, found),
    ];
    changed ||= entry[0] !== key || entry[1] !== each;
    return entry;
  });
  return changed ? Object.fromEntries(entries) : value;
}

function isSecretByName(value: string, name: string | null): boolean {
  if (name === null || value.length < 4 || value === MASK) return false;
  if (isSecretName.test(name)) return true;
  return /_env$/i.test(name) && value.length >= 12 && !isVariableName.test(value);
}
