import { describe, expect, it } from "vitest";
import { parseIndexSettings } from "../../../src/toolchain/pip.js";
import { uvEnvironment } from "../../../src/toolchain/uv.js";

const NOTHING = parseIndexSettings("");

describe("what pip config list prints", () => {
  it("is read with the environment over the command's section over the global one", () => {
    const settings = parseIndexSettings(
      [
        ":env:.index-url='https://env.example/simple'",
        "global.index-url='https://global.example/simple'",
        "install.index-url='https://install.example/simple'",
        "global.cert='/etc/global.pem'",
        "install.cert='/etc/install.pem'",
        "download.cert='/etc/other.pem'",
      ].join("\n"),
    );
    expect(settings.indexUrl).toBe("https://env.example/simple");
    expect(settings.cert).toBe("/etc/install.pem");
  });

  it("may hold several addresses in one value, as Python writes them", () => {
    const text = "global.extra-index-url='\\nhttps://a.example/simple\\nfile:///b/simple'";
    const expected = ["https://a.example/simple", "file:///b/simple"];
    expect(parseIndexSettings(text).extraIndexUrls).toEqual(expected);
    const quoted = `global.find-links="/it's/here /there"`;
    expect(parseIndexSettings(quoted).findLinks).toEqual(["/it's/here", "/there"]);
  });

  it("leaves nothing set where it says nothing", () => {
    expect(NOTHING).toEqual({
      ...{ indexUrl: null, extraIndexUrls: [], findLinks: [], noIndex: false, trustedHosts: [] },
      ...{ cert: null, clientCert: null, proxy: null, timeout: null },
    });
  });
});

describe("uv's environment", () => {
  it("carries pip's index, certificate and proxy", () => {
    const settings = parseIndexSettings(
      [
        "global.index-url='https://mirror.example/simple'",
        "global.extra-index-url='https://more.example/simple'",
        "global.find-links='/wheels /more'",
        "global.cert='/ca.pem'",
        "global.proxy='http://proxy.example:3128'",
        "global.trusted-host='mirror.example'",
      ].join("\n"),
    );
    expect(uvEnvironment(settings, "/cache", {})).toEqual({
      UV_DEFAULT_INDEX: "https://mirror.example/simple",
      UV_INDEX: "https://more.example/simple",
      UV_INDEX_STRATEGY: "unsafe-best-match",
      UV_FIND_LINKS: "/wheels,/more",
      UV_INSECURE_HOST: "mirror.example",
      SSL_CERT_FILE: "/ca.pem",
      HTTP_PROXY: "http://proxy.example:3128",
      HTTPS_PROXY: "http://proxy.example:3128",
      UV_CACHE_DIR: "/cache",
      UV_PYTHON_DOWNLOADS: "never",
      UV_NO_PROGRESS: "1",
    });
  });

  it("does not override what the user set for uv or the system", () => {
    const settings = parseIndexSettings(
      "global.proxy='http://pip-proxy:1'\nglobal.cert='/pip.pem'",
    );
    const given = { https_proxy: "http://own:2", UV_CACHE_DIR: "/own" };
    const environment = uvEnvironment(settings, "/cache", given);
    expect(environment).not.toHaveProperty("HTTPS_PROXY");
    expect(environment).not.toHaveProperty("UV_CACHE_DIR");
    expect(environment["HTTP_PROXY"]).toBe("http://pip-proxy:1");
  });
});
