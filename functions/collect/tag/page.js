/** Page: what every part of the tag needs of the world around it. */

export const script = document.currentScript;
export const dataset = script.dataset;

export const now = () => Math.floor(Date.now() / 1000); // Whole Unix seconds.
export const wait = (ms) => new Promise((go) => setTimeout(go, ms));
export const warn = (...words) => console.warn('settled:', ...words);

/** Whatever goes wrong in here, or in a callback of the shop's, is not the page's trouble. */
export const safely = (act) => (...words) => {
  try {
    return act(...words);
  } catch (error) {
    warn(error);
  }
};

export const where = () => ({ url: location.href, referrer: document.referrer });

/** Load what only some pages need. */
export const load = (name) => import(new URL(name, script.src));

/** Ask collect, which answers beside the tag's own address; 0 where no answer came. */
export const post = (name, body, replacer) =>
  // A string goes as text/plain, which needs no CORS preflight.
  fetch(new URL(name, script.src), {
    method: 'POST',
    body: JSON.stringify(body, replacer),
    keepalive: true,
    credentials: 'include',
  }).catch(() => 0);

/** Call `heard` with the words of each call of `object[method]`, after it, safely. */
export const overhear = (object, method, heard) => {
  const act = object[method];
  object[method] = (...words) => {
    const result = act.apply(object, words);
    safely(heard)(...words);
    return result;
  };
};

/** Tell whether the same question may find a better answer. */
export const isAway = ({ status }) => !(status < 500 && status !== 429);
