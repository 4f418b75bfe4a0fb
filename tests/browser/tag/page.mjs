/** A page for the built tag: a window with the few things it touches, and a collect that answers. */

import { readFileSync } from 'node:fs';

const COLLECT = new URL('../../../functions/collect/', import.meta.url);
// `with` gives it this page's window; an import() of the browser's becomes one of ours.
const TAG = new Function(
  'page',
  `with (page) {${readFileSync(new URL('tag.js', COLLECT), 'utf8').replaceAll('import(', 'importPart(')}}`,
);

export const GRANTED = { ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'granted' };
export const DENIED = { ad_storage: 'denied', ad_user_data: 'denied', ad_personalization: 'denied' };
export const RELEASE = { status: 'released', event_id: 'pi_1', value: 49, currency: 'EUR', contents: [] };

export const queued = (session = 'session-1') => () =>
  new Response(null, { status: 204, headers: { 'Settled-Session': session } });
export const answering = (status, body) => () => new Response(JSON.stringify(body), { status });
export const unreachable = () => {
  throw new TypeError('Failed to fetch');
};

/** A localStorage that survives from page to page when it is passed on; `full` takes nothing more. */
export const makeStorage = (full = false) =>
  new Proxy({}, {
    set(target, key, value) {
      if (full) throw new DOMException('full', 'QuotaExceededError');
      target[key] = value;
      return true;
    },
  });
const refuse = () => {
  throw new DOMException('closed', 'SecurityError');
};
export const closed = new Proxy({}, { get: refuse, set: refuse, deleteProperty: refuse });
export const keptIn = (storage) => JSON.parse(storage.settled ?? '{}');

/** Let every promise that can go on do so; no time passes. */
export const settle = async () => {
  for (let i = 0; i < 5; i += 1) await new Promise((done) => setImmediate(done));
};

/** Wait for a fact that takes time of its own: a module is loaded, a text is hashed. */
export const until = async (fact) => {
  const deadline = Date.now() + 20_000;
  while (!fact()) {
    if (Date.now() > deadline) throw new Error(`never came true: ${fact}`);
    await new Promise((done) => setTimeout(done, 2));
  }
};

/**
 * A page with the tag on it.
 *
 * `collect` maps a path's last part to its answers, given in turn, the last one for ever. `said`
 * is what the page said before the tag came.
 */
export const openPage = ({
  href = 'https://shop.example/mug?fbclid=IwAR0x',
  collect = {},
  localStorage = makeStorage(),
  gpc,
  dataLayer,
  fbq = true,
  dataset = {},
  cookie = '',
  elements = [],
  said = [],
  tcf,
  prerendering = false,
} = {}) => {
  const answers = { events: [queued()], release: [answering(200, { status: 'pending' })], ...collect };
  const world = { requests: [], pixel: [], warnings: [], timers: [], appended: [], loaded: [], heard: {} };
  const record = (...words) => void world.pixel.push(words);
  const page = {
    location: { href },
    history: { pushState: (state, title, url) => (page.location.href = new URL(url, page.location.href).href) },
    document: {
      currentScript: { src: 'https://shop.example/s/tag.js', dataset, nonce: 'n0nce' },
      referrer: 'https://www.facebook.com/',
      cookie,
      prerendering,
      head: { append: (element) => world.appended.push(element) },
      createElement: (name) => ({ name }),
      querySelectorAll: () => elements,
    },
    navigator: { globalPrivacyControl: gpc, onLine: true },
    console: { warn: (...words) => void world.warnings.push(words) },
    crypto: globalThis.crypto,
    localStorage,
    dataLayer,
    fbq: fbq ? record : undefined,
    __tcfapi: tcf && ((command, version, callback) => (world.tcf = callback)),
    settled: said.length ? { q: said } : undefined,
    addEventListener: (name, act) => (world.heard[name] ??= []).push(act),
    setTimeout: (act, ms) => world.timers.push({ act, ms }),
    importPart: (url) => {
      const [, name] = url.href.match(/^https:\/\/shop\.example\/s\/tag_(\w+\.js)$/);
      world.loaded.push(name);
      return import(new URL(`tag/${name}`, COLLECT));
    },
    fetch: async (url, { body, ...options }) => {
      const name = url.href.split('/').at(-1);
      world.requests.push({ url: url.href, name, text: body, body: JSON.parse(body), options });
      const answer = answers[name].length > 1 ? answers[name].shift() : answers[name][0];
      return answer();
    },
  };
  page.window = page;
  TAG(page);
  /** Let the timers that are set go off, and what follows from them happen. */
  const elapse = async () => {
    const due = world.timers.splice(0);
    due.forEach(({ act }) => act());
    await settle();
    return due.map(({ ms }) => ms);
  };
  const fire = (name, event = {}) => world.heard[name]?.forEach((act) => act(event));
  const bodies = (name = 'events') => world.requests.filter((r) => r.name === name).map((r) => r.body);
  const events = () => bodies().flatMap((body) => body.events);
  const names = () => events().map((event) => event.event_name);
  const told = () => world.pixel.filter(([verb]) => verb.startsWith('track'));
  return Object.assign(world, { page, record, settled: page.settled, elapse, fire, bodies, events, names, told });
};

/** A page whose visitor agrees at once. */
export const agreed = (options) => {
  const opened = openPage(options);
  opened.settled('consent', GRANTED);
  return opened;
};
