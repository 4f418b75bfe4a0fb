/** Outbox: events on their way to collect, and what happens when it cannot take them. */

import { answer, maySend } from './consent.js';
import { who } from './visitor.js';
import { change, recall } from './memory.js';
import { isAway, now, post, wait, warn, where } from './page.js';
import { nameSession } from './session.js';

// Browsers allow 64 KiB to all requests that may outlive their page.
const A_BATCH = 20;
// A shop that is unreachable for long must not fill its visitor's disk.
const BATCHES_KEPT = 50;
// A page whose banner is never answered must not grow either.
const EVENTS_WAITING = 1_000;
const FIRST_PAUSE = 1_000; // Milliseconds; doubled before each retry.
const LONGEST_PAUSE = 60_000;
// Seconds. Cloud Tasks knows a batch again by its name for an hour at least; later, what got
// lost together with its answer would be told twice.
const KNOWN_AGAIN_FOR = 3_600;
const EVER = 9e9; // Unix seconds: what was never taken may be sent until collect calls it too old.
// Seconds. An event as young as this names no time: collect's clock is better than the browser's.
const YOUNG = 600;

export let waiting = [];
let flying;
let isSending;
let pause = FIRST_PAUSE;

/** Tell whether there was room. */
export const add = (event) => waiting.length < EVENTS_WAITING && waiting.push(event);

/** The visitor said no: nothing is left of what he did. */
export const forget = () => {
  waiting = [];
  change();
};

/**
 * Write down what waits, in batches that will be sent, and sent again, as they are; give those
 * whose turn it is, offline none.
 */
const unsent = () => {
  if (waiting[0]) {
    change(({ unsent }) => {
      while (waiting[0]) {
        const events = waiting.splice(0, A_BATCH).map((event) => ({ ...event, user_data: who }));
        unsent[Math.random()] = [EVER, { events, consent: answer, page: where() }];
      }
      for (const id of Object.keys(unsent).slice(0, -BATCHES_KEPT)) delete unsent[id];
    });
  }
  return Object.entries(recall().unsent).filter(
    ([id, [until]]) => navigator.onLine && id !== flying && until > now(),
  );
};

/** Note until when a batch may be sent. */
const mark = (id, batch) => change(({ unsent }) => (unsent[id] = batch));

/** Tell whether collect is done with the batch: it took it, or never will (4xx). */
const deliver = async ([id, [until, body]]) => {
  mark(id, [Math.min(until, now() + KNOWN_AGAIN_FOR), body]);
  const answer = await post('events', body, (key, value) =>
    key === 'event_time' && now() - value < YOUNG ? undefined : value);
  // The visitor may have said no in the meantime: then there is nothing left to note.
  if (!maySend()) return;
  if (isAway(answer)) {
    // Without an answer nobody knows whether it arrived; 5xx says that it was not queued.
    if (answer) mark(id, [EVER, body]);
    return;
  }
  change((state) => {
    delete state.unsent[id];
    state.session = answer.headers.get('Settled-Session') ?? state.session;
  });
  nameSession();
  if (answer.status !== 204) answer.json().then(warn, warn);
  return true;
};

/**
 * Send batch after batch, one request at a time; what happens meanwhile is the next batch.
 *
 * One at a time, because the answer to the first opens the session: a second request on its
 * way without the cookie would open another. Written down before it is sent, so that a page that
 * goes leaves to the next one what it cannot know to have arrived.
 */
export const send = async () => {
  if (isSending) return;
  isSending = true;
  // Once the script that is running has said all that it has to say.
  await 0;
  let batch;
  while (maySend() && ([batch] = unsent(), batch)) {
    [flying] = batch;
    const isDelivered = await deliver(batch);
    flying = 0;
    if (isDelivered) pause = FIRST_PAUSE;
    else await wait((pause = Math.min(pause * 2, LONGEST_PAUSE)));
  }
  isSending = false;
};

/** The page goes, or hides and may never come back: all goes with it, and stays noted. */
export const leave = () => {
  if (!maySend()) return;
  for (const batch of unsent()) if (recall().session) deliver(batch);
};
