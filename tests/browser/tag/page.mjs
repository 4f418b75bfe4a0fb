/** A page for the tag: a window with the few things it touches, and a collect that answers. */

import { startTag } from '../../../functions/collect/tag/start.js';

export const GRANTED = { ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'granted' };
export const DENIED = { ad_storage: 'denied', ad_user_data: 'denied', ad_personalization: 'denied' };
export const RELEASE = { status: 'released', event_id: 'pi_1', value: 49, currency: 'EUR', contents: [] };

export const queued = (session = 'session-1') => () =>
  new Response(null, { status: 204, headers: { 'Settled-Session': session } });
export const answering = (status, body) => () => new Response(JSON.stringify(body), { status });
export const unreachable = () => {
  throw new TypeError('Failed to fetch');
};

/** A storage that survives from page to page when it is passed on. */
export const makeStorage = (full = false) => ({
  items: new Map(),
  getItem(key) {
    return this.items.get(key) ?? null;
  },
  setItem(key, value) {
    if (full) throw new DOMException('full', 'QuotaExceededError');
    this.items.set(key, value);
  },
  removeItem(key) {
    this.items.delete(key);
  },
});

/** Let every promise that can go on do so; no time passes. */
export const settle = () => new Promise((done) => setImmediate(done));

/**
 * A page with the tag on it.
 *
 * `collect` maps a path's last part to its answers, given in turn, the last one for ever.
 */
export const openPage = ({
  href = 'https://shop.example/mug?fbclid=IwAR0x',
  collect = {},
  localStorage = makeStorage(),
  sessionStorage = makeStorage(),
  gpc,
  dataLayer,
  fbq = true,
  dataset = {},
  cookie = '',
  readyState = 'complete',
} = {}) => {
  const answers = { events: [queued()], release: [answering(200, { status: 'pending' })], ...collect };
  const world = { requests: [], pixel: [], warnings: [], timers: [], heard: {} };
  const listen = (name, act) => (world.heard[name] = act);
  const page = {
    location: { href },
    document: { referrer: 'https://www.facebook.com/', cookie, readyState, hidden: false, addEventListener: listen },
    navigator: { globalPrivacyControl: gpc },
    console: { warn: (...words) => void world.warnings.push(words) },
    crypto: globalThis.crypto,
    localStorage,
    sessionStorage,
    dataLayer,
    addEventListener: listen,
    setTimeout: (act, ms) => world.timers.push({ act, ms }),
    fetch: async (url, { body, ...options }) => {
      const name = url.split('/').at(-1);
      world.requests.push({ url, name, body: JSON.parse(body), options });
      const answer = answers[name].length > 1 ? answers[name].shift() : answers[name][0];
      return answer();
    },
  };
  const record = (...words) => world.pixel.push(words);
  if (fbq) page.fbq = record;
  const settled = startTag(page, { src: 'https://shop.example/s/tag.js', dataset });
  /** Let the timers that are set go off, and what follows from them happen. */
  const elapse = async () => {
    const due = world.timers.splice(0);
    due.forEach(({ act }) => act());
    await settle();
    return due.map(({ ms }) => ms);
  };
  const bodies = (name = 'events') => world.requests.filter((r) => r.name === name).map((r) => r.body);
  const names = () => bodies().flatMap((body) => body.events.map((event) => event.event_name));
  return { ...world, page, record, settled, elapse, bodies, names };
};
