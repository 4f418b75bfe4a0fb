/**
 * A stand-in of fbevents.js: the part of it that a test can see.
 *
 * It drains fbq's queue, keeps events while consent is revoked, sets _fbp, and asks for /tr
 * with the parameters that Meta's own script sends. Its own address may say whom:
 * /pixel.js?meta=…; without that it asks Meta's own host, where a test answers.
 */
(() => {
  const META = new URL(document.currentScript.src).searchParams.get('meta') ?? 'https://www.facebook.com';
  const begun = Date.now();
  const pixels = [];
  const people = {};
  let isRevoked = false;
  let held = [];

  const cookie = (name) => document.cookie.match(`(?:^|; )${name}=([^;]+)`)?.[1] ?? '';

  const setFbp = () => {
    if (cookie('_fbp')) return;
    const random = Math.floor(Math.random() * 1e10);
    document.cookie = `_fbp=fb.1.${Date.now()}.${random};path=/;max-age=7776000;samesite=lax`;
  };

  const send = (id, name, customData, options, at) => {
    const asked = new URLSearchParams({
      id, ev: name, dl: location.href, rl: document.referrer, if: 'false', ts: at,
      sw: screen.width, sh: screen.height, v: '2.9.403', r: 'stable', it: begun,
    });
    for (const [key, value] of Object.entries(customData ?? {})) {
      if (value !== undefined) asked.set(`cd[${key}]`, typeof value === 'object' ? JSON.stringify(value) : value);
    }
    if (options?.eventID) asked.set('eid', options.eventID);
    for (const [key, hash] of Object.entries(people[id] ?? {})) asked.set(`ud[${key}]`, hash);
    for (const name of ['fbp', 'fbc']) if (cookie(`_${name}`)) asked.set(name, cookie(`_${name}`));
    fetch(`${META}/tr/?${asked}`, { mode: 'no-cors', keepalive: true }).catch(() => {});
  };

  const track = (ids, ...event) => {
    const at = Date.now();
    const fire = () => ids.forEach((id) => send(id, ...event.slice(0, 3), at));
    if (isRevoked) held.push(fire);
    else fire();
  };

  const methods = {
    // A second init of the same Pixel only adds what is known of the visitor.
    init: (id, who) => {
      if (!pixels.includes(id)) pixels.push(id);
      people[id] = { ...people[id], ...who };
      if (!isRevoked) setFbp();
    },
    consent: (word) => {
      isRevoked = word === 'revoke';
      if (isRevoked) return;
      setFbp();
      held.splice(0).forEach((fire) => fire());
    },
    set: () => {},
    track: (...event) => track(pixels, ...event),
    trackCustom: (...event) => track(pixels, ...event),
    trackSingle: (id, ...event) => track([id], ...event),
    trackSingleCustom: (id, ...event) => track([id], ...event),
  };

  window.fbq.callMethod = (method, ...words) => methods[method]?.(...words);
  window.fbq.queue.splice(0).forEach((words) => window.fbq.callMethod(...words));
})();
