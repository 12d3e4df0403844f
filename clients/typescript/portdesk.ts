// The routes of the private listener of a Portdesk host. The file needs `fetch` and no package, and its types can be erased, so
// Node 22.18, Deno, Bun and the runners of tests take it as it is.

/** How long the host may take for an answer, beyond the time that a check may wait. */
const TIMEOUT_MS = 30_000;

/** The label of the API key that a space has unless the test names others. */
const CLIENT = "test";

/** A value of JSON. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A clock of a space. `at` is a time as in RFC 3339. */
export interface Clock {
  mode: "real" | "running" | "frozen" | "stepping";
  at?: string;
  step_ms?: number;
}

/** How a space is made. `from` is the name of a snapshot. */
export interface SpaceOptions {
  name?: string;
  from?: string;
  seed?: number;
  clock?: Clock;
  clients?: string[];
}

/** A time in milliseconds, or the least and the most of a random time. */
type Delay = number | [number, number];
/** An action without members. */
type Plain = true | Record<string, never>;

interface Scope {
  id?: string;
  operation?: string;
  /** The label of an API key. */
  client?: string;
  /** From 0 to 1; 1 if it is left out. */
  probability?: number;
  /** How many requests pass first. */
  skip?: number;
  /** The most hits. */
  times?: number;
  enabled?: boolean;
}

/** A rule of faults. The actions belong to the stations. */
export type Rule =
  | (Scope & { at: "door"; do: DoorAction })
  | (Scope & { at: "store"; verb?: "get" | "insert" | "update" | "query"; do: StoreAction })
  | (Scope & { at: "answer"; do: AnswerAction })
  | (Omit<Scope, "operation" | "client"> & { at: "ready"; do: "red" | { red: Plain } });

export type DoorAction =
  | { refuse: "forbidden" | "too_many_requests" | "limit_exceeded" | "busy" | "deadline" }
  | { status: number; body?: Json }
  | { delay_ms: Delay };

export type StoreAction =
  | "throttled"
  | "unavailable"
  | "corrupt"
  | { throttled: Plain | { retry_after_ms?: number } }
  | { unavailable: Plain }
  | { corrupt: Plain }
  | { unknown: { stored: boolean | "either" } }
  | { delay_ms: Delay };

export type AnswerAction =
  | "lost"
  | "truncated"
  | { lost: Plain }
  | { truncated: Plain }
  | { dripped: { bytes: number; ms: number } }
  | { replaced: { status: 500 | 502 | 504 } }
  | { delay_ms: Delay };

/** The host refused a request of the private listener, or did not answer. `status` is 0 if there was no answer. */
export class ConsoleError extends Error {
  readonly status: number;
  readonly answer: unknown;

  constructor(status: number, text: string, answer?: unknown) {
    super(text);
    this.name = "ConsoleError";
    this.status = status;
    this.answer = answer;
  }
}

/** A check did not hold. `failures` has what the host found, with the nearest call or item of each. */
export class CheckFailed extends Error {
  readonly failures: unknown[];

  constructor(failures: unknown[]) {
    super(`the check does not hold:\n${failures.map((failure) => JSON.stringify(failure, null, 2)).join("\n")}`);
    this.name = "CheckFailed";
    this.failures = failures;
  }
}

/** Where a host is. `url` is its private listener and `apiUrl` the address that clients use. */
export interface ConsoleOptions {
  url: string;
  token: string;
  apiUrl?: string | undefined;
}

/** The private listener of a host. */
export class Console {
  readonly url: string;
  readonly apiUrl: string | undefined;
  readonly #token: string;

  constructor({ url, token, apiUrl }: ConsoleOptions) {
    this.url = base(url);
    this.apiUrl = apiUrl ? base(apiUrl) : undefined;
    this.#token = token;
  }

  /** The listener that the variables PORTDESK_CONSOLE, PORTDESK_CONSOLE_TOKEN and PORTDESK_URL name. */
  static fromEnvironment(environment: Record<string, string | undefined> = process.env): Console {
    const needed = (name: string): string => {
      const value = environment[name];
      if (!value) throw new Error(`set ${name}: the tests need the private listener of a running host`);
      return value;
    };
    const [url, token] = [needed("PORTDESK_CONSOLE"), needed("PORTDESK_CONSOLE_TOKEN")];
    return new Console({ url, token, apiUrl: environment.PORTDESK_URL });
  }

  /** Makes a space. Without a name, it gets one that no other space has. Call `drop` at the end, or use `withSpace`. */
  async space({ name = `test-${crypto.randomUUID()}`, clients = [CLIENT], ...rest }: SpaceOptions = {}): Promise<Space> {
    const answer = await this.send("POST", "/v1/spaces", { name, clients, ...rest });
    const made = answer as { name: string; keys: Record<string, string> };
    return new Space(this, made.name, made.keys);
  }

  /** Calls `test` with a new space, which ends with it, and returns what `test` returns. */
  async withSpace<T>(options: SpaceOptions, test: (space: Space) => T | Promise<T>): Promise<T> {
    const space = await this.space(options);
    try {
      return await test(space);
    } finally {
      await space.drop();
    }
  }

  /** Sends a request to the private listener and returns its JSON. Fails with `ConsoleError`. */
  async send(method: string, path: string, body?: object, timeoutMs: number = TIMEOUT_MS): Promise<unknown> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#token}`, accept: "application/json" };
    // The guard wants the type of each change, also of one without a body, because a form cannot have it.
    if (method !== "GET") headers["content-type"] = "application/json";
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(this.url + path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        // A redirect would send the token to another server.
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      text = await answer.text();
    } catch (error) {
      throw new ConsoleError(0, `${method} ${this.url}${path}: no answer (${reason(error)})`);
    }
    const parsed = json(text);
    if (!answer.ok) throw new ConsoleError(answer.status, `${method} ${path}: ${answer.status} ${words(parsed)}`, parsed);
    return parsed;
  }
}

/** A space of a host: a store, a clock, chance, faults and API keys that no other test uses. */
export class Space {
  readonly console: Console;
  readonly name: string;
  /** The API keys by their labels. */
  readonly keys: Readonly<Record<string, string>>;

  constructor(console: Console, name: string, keys: Record<string, string>) {
    this.console = console;
    this.name = name;
    this.keys = keys;
  }

  /** The base URL of the API, for the client under test. */
  get url(): string | undefined {
    return this.console.apiUrl;
  }

  /** The API key of the first client. */
  get key(): string {
    const [first] = Object.values(this.keys);
    if (first === undefined) throw new Error(`the space ${this.name} has no key`);
    return first;
  }

  /** Empties the space. The options are members of the request, such as `keep_faults` and `seed`. */
  reset(options: object = {}): Promise<unknown> {
    return this.#send("POST", "/v1/reset", options);
  }

  /** Keeps the state of the space under a name. */
  snapshot(name: string): Promise<unknown> {
    return this.#send("PUT", `/v1/snapshots/${encodeURIComponent(name)}`);
  }

  /** Brings the state of a snapshot back. */
  restore(name: string): Promise<unknown> {
    return this.#send("POST", `/v1/snapshots/${encodeURIComponent(name)}/restore`);
  }

  /** Sets the clock. */
  clock(clock: Clock): Promise<unknown> {
    return this.#send("PUT", "/v1/clock", clock);
  }

  /** Moves the clock forward by a duration as in ISO 8601, such as `PT1H`. */
  advance(by: string): Promise<unknown> {
    return this.#send("POST", "/v1/clock/advance", { by });
  }

  /** Puts these rules in place of all rules of faults. Without rules, no fault is injected. */
  faults(...rules: Rule[]): Promise<unknown> {
    return this.#send("PUT", "/v1/faults", { rules });
  }

  /** The calls in the journal, as the host answers them. The filters are parts of the query, such as `op`. */
  calls({ limit = 100, ...filters }: { limit?: number; [filter: string]: string | number | undefined } = {}): Promise<unknown> {
    const given = Object.entries({ space: this.name, limit, ...filters }).filter(([, value]) => value !== undefined);
    return this.console.send("GET", `/v1/calls?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`);
  }

  /** Fails with `CheckFailed` unless the claims about calls and items hold, at the latest after `within_ms`. */
  async check(claims: { within_ms?: number; [claim: string]: unknown }): Promise<void> {
    let answer: unknown;
    try {
      answer = await this.#send("POST", "/v1/check", claims, TIMEOUT_MS + (claims.within_ms ?? 0));
    } catch (error) {
      // A claim that cannot be read has the same status, but no failures.
      const failures = error instanceof ConsoleError && error.status === 422 ? member(error.answer, "failures") : undefined;
      throw Array.isArray(failures) && failures.length > 0 ? new CheckFailed(failures) : error;
    }
    // An answer that does not say that the check holds never makes a test pass.
    if (member(answer, "held") !== true) {
      throw new ConsoleError(200, "POST /v1/check: the answer does not say whether the check holds", answer);
    }
  }

  /** The hash of the state, as the host answers it. */
  stateHash(): Promise<unknown> {
    return this.console.send("GET", `/v1/state/hash?${new URLSearchParams({ space: this.name })}`);
  }

  /** Ends the space. It is not an error if the test has already ended it. */
  async drop(): Promise<void> {
    try {
      await this.console.send("DELETE", `/v1/spaces/${encodeURIComponent(this.name)}`);
    } catch (error) {
      if (!(error instanceof ConsoleError && error.status === 404)) throw error;
    }
  }

  #send(method: string, path: string, members: object = {}, timeoutMs?: number): Promise<unknown> {
    return this.console.send(method, path, { space: this.name, ...members }, timeoutMs);
  }
}

function base(url: string): string {
  return (url.includes("://") ? url : `http://${url}`).replace(/\/+$/, "");
}

function json(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function words(answer: unknown): string {
  const found = ["detail", "message", "error"].map((name) => member(answer, name)).find((text) => typeof text === "string");
  return typeof found === "string" ? found : answer === undefined ? "" : JSON.stringify(answer).slice(0, 500);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
