/** The shop's own script: its consent banner, and what it tells the tag. */

const MUG = { content_type: 'product', content_ids: ['mug-blue'], value: 24.5, currency: 'EUR' };
const banner = document.getElementById('banner');

/** Say it to whoever asks in this shop; the tag keeps the Pixel in step. */
const say = (word, isNew) => {
  const words = { ad_storage: word, ad_user_data: word, ad_personalization: word };
  const { consentBy } = document.documentElement.dataset;
  if (consentBy === 'consent_mode') gtag('consent', 'update', words);
  else if (consentBy === 'tcf') cmp.answer(isNew ? 'useractioncomplete' : 'tcloaded', word === 'granted');
  else settled('consent', words);
};

const answer = (word) => {
  document.cookie = `shop_consent=${word};path=/;max-age=15552000;samesite=lax`;
  banner.hidden = true;
  say(word, true);
};

document.getElementById('accept').onclick = () => answer('granted');
document.getElementById('decline').onclick = () => answer('denied');
const [, known] = document.cookie.match(/shop_consent=(granted|denied)/) ?? [];
if (known) say(known, false);
else banner.hidden = false;

if (location.pathname === '/') settled('track', 'ViewContent', MUG);
for (const form of document.querySelectorAll('form[data-track]')) {
  form.addEventListener('submit', () => settled('track', form.dataset.track, MUG));
}

// Stripe carries the session to the webhook, which finds by it who bought.
const field = document.getElementById('settled-session');
if (field) settled('session', (id) => (field.value = id));

const note = document.getElementById('release');
if (note) {
  settled('onRelease', ({ event_id, value, currency }) => {
    note.textContent = `Settled: ${value} ${currency}. The Pixel said Purchase under ${event_id}.`;
    note.dataset.eventId = event_id;
  });
}
