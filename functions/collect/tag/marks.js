/** Marks: events that a page declares in its HTML, for people without JavaScript. */

import { track } from './track.js';

/** Track what an element with `data-settled-event` says when it is clicked, or sent if it is a form. */
export const readMark = ({ type, target }) => {
  const marked = target.closest('[data-settled-event]');
  if (!marked || (type === 'submit') !== (marked.tagName === 'FORM')) return;
  const { settledEvent, settledValue: value, settledCurrency: currency } = marked.dataset;
  track(settledEvent, { value, currency });
};
