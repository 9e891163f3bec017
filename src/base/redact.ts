import type { Json } from "./json.js";

/** The text with everything that may be a secret of an address taken out. */
export function redact(text: string): string {
  return text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/"'?#]*@/gi, "$1")
    .replace(/([?&](?:token|password|key|secret|access_token)=)[^&\s]*/gi, "$1***")
    .replace(/\b(Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{6,}/g, "$1 ***");
}

/** A value whose texts have been through {@link redact}. */
export function redactJson<T extends Json>(value: T): T;
export function redactJson(value: Json): Json {
  if (typeof value === "string") return redact(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((each: Json) => redactJson(each));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, redactJson(each as Json)]),
  );
}
