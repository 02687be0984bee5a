/**
 * The network of one process: it delays each message by a random time and loses some, at the rates of the world's
 * climate. Paths to members can be closed (connections refused) or dead (messages vanish without an error). Every
 * decision goes into the world's trace.
 */
import type { Random } from "../../src/base/random.ts";
import type { MethodPath } from "../../src/etcd/transport/transport.ts";
import type { Delivery, Weather } from "../../src/testing/memory-transport.ts";
import type { Trace } from "./checks/trace.ts";

/** Shares of messages, and milliseconds. */
export interface Climate {
  /** Maximum usual one-way delay. */
  readonly baseMs: number;
  readonly slow: number;
  /** Maximum slow one-way delay: longer than the clients' timeouts, so a write arrives after they have given up. */
  readonly slowMs: number;
  readonly refused: number;
  readonly requestLost: number;
  readonly replyLost: number;
  readonly swallowed: number;
  readonly streamCut: number;
  readonly streamStalled: number;
}

export type Road = "open" | "closed" | "dead";

export class ProcessWeather implements Weather {
  readonly #process: string;
  readonly #climate: Climate;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #roads = new Map<string, Road>();
  /** A cut loses the stream messages in flight. */
  #cutting = false;
  #fair = false;

  constructor(process: string, climate: Climate, random: Random, trace: Trace) {
    this.#process = process;
    this.#climate = climate;
    this.#random = random;
    this.#trace = trace;
  }

  setRoad(endpoint: string, road: Road): void {
    this.#roads.set(endpoint, road);
  }

  /** The next message of any stream breaks it. */
  cutStreams(): void {
    this.#cutting = true;
  }

  /** From now on nothing is lost, and all paths are open. */
  clearUp(): void {
    this.#fair = true;
    this.#cutting = false;
    this.#roads.clear();
  }

  unary(method: MethodPath, endpoint: string): Delivery {
    const delivery = this.#unary(endpoint);
    this.#trace.add(
      `${this.#process} ${method} ${endpoint} ${delivery.loss} ${delivery.requestDelayMs} ${delivery.replyDelayMs}`,
    );
    return delivery;
  }

  stream(
    method: MethodPath,
    endpoint: string,
    way: "out" | "in",
  ): { readonly delayMs?: number | undefined; readonly loss?: "cut" | "stalled" | undefined } {
    const loss = this.#stream(endpoint);
    const delayMs = this.#delayMs();
    this.#trace.add(`${this.#process} ${method} ${endpoint} ${way} ${loss} ${delayMs}`);
    return { delayMs, loss };
  }

  #unary(endpoint: string): Delivery {
    const [requestDelayMs, replyDelayMs] = [this.#delayMs(), this.#delayMs()];
    const delays = { requestDelayMs, replyDelayMs };
    if (this.#fair) return delays;
    const road = this.#roads.get(endpoint);
    if (road === "closed") return { ...delays, loss: "refused" };
    if (road === "dead") return { ...delays, loss: "request swallowed" };
    const { refused, requestLost, replyLost, swallowed } = this.#climate;
    let draw = this.#random.float();
    if ((draw -= refused) < 0) return { ...delays, loss: "refused" };
    if ((draw -= requestLost) < 0) return { ...delays, loss: "request lost" };
    if ((draw -= replyLost) < 0) return { ...delays, loss: "reply lost" };
    if ((draw -= swallowed) < 0) {
      return { ...delays, loss: this.#random.float() < 0.5 ? "request swallowed" : "reply swallowed" };
    }
    return delays;
  }

  #stream(endpoint: string): "cut" | "stalled" | undefined {
    if (this.#fair) return undefined;
    const road = this.#roads.get(endpoint);
    if (road === "closed" || this.#cutting) {
      this.#cutting = false;
      return "cut";
    }
    if (road === "dead") return "stalled";
    const { streamCut, streamStalled } = this.#climate;
    const draw = this.#random.float();
    if (draw < streamCut) return "cut";
    return draw < streamCut + streamStalled ? "stalled" : undefined;
  }

  #delayMs(): number {
    const { baseMs, slow, slowMs } = this.#climate;
    const late = !this.#fair && this.#random.float() < slow ? this.#random.float() * slowMs : 0;
    // Never 0: an immediate message would also reach a stopped process.
    return 0.01 + this.#random.float() * baseMs + late;
  }
}
