/** Outbox: events on their way to collect, and what happens when it cannot take them. */

// Browsers allow 64 KiB to all requests that may outlive their page.
const A_BATCH = 20;
// A shop that is unreachable for long must not fill its visitor's disk.
const BATCHES_KEPT = 20;
// A page whose banner is never answered must not grow either.
const EVENTS_WAITING = 100;
const FIRST_PAUSE = 1_000; // Milliseconds; doubled before each retry.
const LONGEST_PAUSE = 60_000;
const UNSENT = 'settled_unsent';

const isWorthAnotherTry = (answer) => !answer || answer.status >= 500 || answer.status === 429;

/** The first sending of an event names no time: collect's clock is better than the browser's. */
const undated = ({ event_time, ...event }) => event;

/**
 * Send events in the order of their making, one request at a time.
 *
 * One at a time, because the answer to the first opens the session: a second request on its
 * way without the cookie would open another. `post` resolves to a Response or rejects.
 */
export const makeOutbox = ({ post, consent, session, memory, page, later, warn }) => {
  let waiting = [];
  let isSending = false;
  let isPausing = false;
  let isGone = false;
  let pause = FIRST_PAUSE;

  const kept = () => memory.get(UNSENT) ?? [];
  const keep = (batch) => memory.set(UNSENT, [...kept(), batch].slice(-BATCHES_KEPT));

  const takeFresh = () => waiting.length && { events: waiting.splice(0, A_BATCH), isFresh: true };
  // Out of the memory while it travels, so that two tabs do not send it twice.
  const takeKept = () => {
    const [oldest, ...rest] = kept();
    if (oldest) memory.set(UNSENT, rest.length ? rest : null);
    return oldest && { events: oldest };
  };

  /** Tell whether collect is done with the batch: it took it, or never will (4xx). */
  const deliver = async ({ events, isFresh }) => {
    const body = { events: isFresh ? events.map(undated) : events, consent: consent.answer, page };
    const answer = await post('events', body).catch(() => null);
    // The browser breaks off what a page that goes is waiting for, but `keepalive` brings it to
    // collect all the same; to send it again could make two of it.
    if (!answer && isGone) return true;
    if (isWorthAnotherTry(answer)) {
      // The same batch again, whole: collect knows a batch by the ids in it. Unless the
      // visitor said no in the meantime: then there is nothing to keep.
      if (consent.maySend()) keep(events);
      return false;
    }
    session.remember(answer.headers.get('Settled-Session'));
    if (answer.status !== 204) answer.json().then(warn, () => {});
    return true;
  };

  const sendAll = async () => {
    if (isSending) return;
    isSending = true;
    isGone = false;
    let batch;
    let isDelivered = true;
    while (isDelivered && consent.maySend() && (batch = takeFresh() || takeKept())) {
      isDelivered = await deliver(batch);
    }
    isSending = false;
    if (isDelivered) pause = FIRST_PAUSE;
    else if (!isPausing) later(again, (pause = Math.min(pause * 2, LONGEST_PAUSE)));
    isPausing ||= !isDelivered;
  };
  const again = () => {
    isPausing = false;
    sendAll();
  };

  return {
    /** Tell whether there was room. */
    add: (event) => waiting.length < EVENTS_WAITING && !!waiting.push(event),
    /** Send what may be sent, once the script that is running has said all it has to say. */
    send: () => Promise.resolve().then(sendAll),
    /** The page goes, or hides and may never come back: what cannot go with it stays behind. */
    leave({ type } = {}) {
      isGone = type === 'pagehide';
      let batch;
      while (consent.maySend() && (batch = takeFresh())) {
        if (session.id()) deliver(batch);
        else keep(batch.events);
      }
    },
    /** The visitor said no: nothing is left of what he did. */
    forget() {
      waiting = [];
      memory.set(UNSENT, null);
    },
  };
};
