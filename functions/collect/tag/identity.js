/**
 * Identity: hash who the visitor says to be. Loaded by pages that know somebody.
 *
 * Each value is spelt as collect spells it (shared/domain/normalise_*.py), and a test holds both
 * to one set of vectors. What a page cannot be sure of, such as a phone without its country, is
 * left out.
 */

const only = (text, others) => text.normalize().toLowerCase().replace(others, '').normalize();
const matching = (text, pattern) => (pattern.test(text) ? text : '');
const nameOf = (text) => matching(only(text, /[^\p{L}\p{M}\p{N}]/gu), /\p{L}/u);

/** The 30th of February is the 2nd of March to a Date. */
const isDate = (text) =>
  /^(19|20)\d\d-\d\d-\d\d$/.test(text) && +new Date(text) && new Date(text).toISOString().startsWith(text);

// A zero behind the country's code may belong to the number or not; only a numbering plan knows.
const PHONE = /^\+(?!\d{1,3}\D+0)\d[\d\s()./-]{6,23}\d$/;
// What they are called where ISO 3166 has another code.
const ALIASES = { uk: 'gb', el: 'gr' };

/** ISO's code; the browser knows which there are. */
const countryOf = (text) => {
  const code = matching(text.toLowerCase(), /^[a-z]{2}$/);
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  return code && names.of(code.toUpperCase()) ? ALIASES[code] ?? code : '';
};

/** Meta's key, the word that people use, and how it is spelt before it is hashed; '' is nothing. */
const KEYS = [
  ['em', 'email', (text) => matching(text.toLowerCase(), /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/)],
  ['ph', 'phone', (text) => matching(text, PHONE).replace(/\D/g, '')],
  ['fn', 'first_name', nameOf],
  ['ln', 'last_name', nameOf],
  ['ge', 'gender', (text) => matching(text.toLowerCase(), /^[fm]$/)],
  ['db', 'birth_date', (text) => (isDate(text) ? text.replaceAll('-', '') : '')],
  ['ct', 'city', (text) => matching(only(text, /[^\p{L}\p{M}]/gu), /\p{L}/u)],
  ['st', 'state', (text, home) => {
    const state = only(text, /[^\p{L}\p{M}\p{N}]/gu);
    // Whether a name is to be a code depends on the country.
    if (!home) return '';
    return matching(state, ['us', 'ca'].includes(home) ? /^[a-z]{2}$/ : /[\p{L}\p{N}]/u);
  }],
  ['zp', 'zip', (text, home) => {
    const code = only(text.normalize('NFKC'), /[^\p{L}\p{N}]/gu);
    // Digits of another script; collect knows what they are worth.
    if (/(?![0-9])\p{Nd}/u.test(code)) return '';
    return home === 'us' ? code.match(/^\d{5}/)?.[0] ?? '' : code;
  }],
  ['country', 'country', countryOf],
];

const sha256 = async (text) => {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
};

/** Resolve to Meta's user_data. Rejects where the browser cannot hash: on a page without HTTPS. */
export const hashed = async (said) => {
  const given = (key, word) => `${said[key] ?? said[word] ?? ''}`;
  // What cannot be seen is no part of a name or an address.
  const shown = (text) => text.replace(/\p{Cf}/gu, '').trim();
  const home = countryOf(shown(given('country')));
  const spelt = KEYS.map(([key, word, spell]) => [key, shown(given(key, word)), spell]);
  // The shop's own, which it gives elsewhere too: nothing is taken out of it.
  const id = given('external_id').replace(/^[^\S\ufeff]+|[^\S\ufeff]+$/gu, '');
  if (shown(id)) spelt.push(['external_id', id, (text) => text]);
  const user_data = {};
  for (const [key, text, spell] of spelt) {
    // What arrives hashed is not hashed twice.
    if (/^[\da-f]{64}$/i.test(text)) user_data[key] = text.toLowerCase();
    else if (text && spell(text, home)) user_data[key] = await sha256(spell(text, home));
  }
  return user_data;
};
