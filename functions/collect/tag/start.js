/** Start: what a shop may say to `settled(…)`, and who does it. */

import { followConsentMode, makeConsent } from './consent.js';
import { isFirstTime, makeMemory } from './memory.js';
import { makeOutbox } from './outbox.js';
import { tellPixel } from './pixel.js';
import { asPurchase, awaitRelease, questionOf } from './release.js';
import { makeSession } from './session.js';

/**
 * Start the tag and return the shop's `settled`.
 *
 * `page` is the browser's window: all that the tag needs of the world comes through it.
 * `script` is the element that loaded the tag; collect answers beside its address.
 */
export const startTag = (page, script) => {
  const { document, location, navigator } = page;
  const now = () => Math.floor(Date.now() / 1000);
  const later = (act, ms) => page.setTimeout(act, ms);
  const warn = (...words) => page.console.warn('settled:', ...words);
  /** Whatever goes wrong in here, or in a callback of the shop's, is not the page's trouble. */
  const safely = (act) => (...words) => {
    try {
      return act(...words);
    } catch (error) {
      warn(error);
    }
  };
  const post = async (name, body) =>
    // A string goes as text/plain, which needs no CORS preflight.
    page.fetch(new URL(name, script.src).href, {
      method: 'POST',
      body: JSON.stringify(body),
      keepalive: true,
      credentials: 'include',
    });
  const where = () => ({ url: location.href, referrer: document.referrer });

  let untold = []; // What the Pixel hears once it may.
  let question = questionOf(location.href, 'release' in script.dataset);
  let released;
  const onRelease = [];

  /** Do what the visitor's answer allows, and undo what it forbids. */
  const obey = () => {
    if (consent.mayTell()) untold.splice(0).forEach((tell) => tell());
    if (consent.maySend()) {
      session.tell();
      outbox.send().catch(warn);
      if (question) echo(question).catch(warn);
      question = undefined;
    } else if (!consent.isOpen()) {
      if (session.id()) withdraw().catch(warn);
      outbox.forget();
      session.forget();
    }
    if (!consent.isOpen()) untold = [];
  };
  const lasting = makeMemory(() => page.localStorage);
  const consent = makeConsent({ gpc: navigator.globalPrivacyControl, now, changed: obey });
  const session = makeSession({ consent, memory: makeMemory(() => page.sessionStorage) });
  const outbox = makeOutbox({ post, consent, session, memory: lasting, page: where(), later, warn });

  /** A yes that became a no: collect forgets the session, lest a sale still be told in its name. */
  const withdraw = () => {
    const event = { event_name: 'ConsentWithdrawn', event_id: mint(page.crypto) };
    return post('events', { events: [event], consent: consent.answer, page: where() });
  };

  /** Fire the Pixel's Purchase once in this browser, when collect says that the money settled. */
  const echo = async (asked) => {
    const ask = async () => (consent.maySend() ? post('release', asked) : null);
    const release = await awaitRelease(ask, (ms) => new Promise((go) => later(go, ms)));
    const fire = () => {
      if (!consent.mayTell() || !isFirstTime(release.event_id, lasting, document)) return;
      tellPixel(page, 'Purchase', asPurchase(release), release.event_id);
      released = release;
      onRelease.splice(0).forEach((callback) => callback(release));
    };
    // Two tabs of one thank-you page may hear of it in the same moment.
    if (release) await (navigator.locks ? navigator.locks.request('settled', fire) : fire());
  };

  const track = (name, customData = {}, { event_id: given } = {}) => {
    if (/^\s*purchase\s*$/i.test(name)) return warn('Purchase is reported by Stripe, not by a page');
    const event_id = `${given ?? mint(page.crypto)}`;
    // A copy: what cannot be sent throws here, and what changes later stays what it was.
    const custom_data = JSON.parse(JSON.stringify(customData));
    const event = { event_name: name, event_id, event_time: now(), ...where(), custom_data };
    const tell = safely(() => tellPixel(page, name, custom_data, event_id));
    if (outbox.add(event)) untold.push(tell);
    obey();
    return event_id;
  };
  const commands = {
    track,
    consent: (said) => consent.hear(said),
    session: (callback) => session.give(safely(callback)),
    onRelease: (callback) => (released ? callback(released) : onRelease.push(safely(callback))),
  };

  page.addEventListener('pagehide', outbox.leave);
  document.addEventListener('visibilitychange', () => document.hidden && outbox.leave());
  safely(followConsentMode)((page.dataLayer ??= []), safely(consent.hear));
  const settled = safely((verb, ...words) => commands[verb](...words));
  settled('track', 'PageView');
  return settled;
};

/** An id for one event; pages without HTTPS, and old browsers, have no randomUUID. */
const mint = (crypto) =>
  crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join('-');
