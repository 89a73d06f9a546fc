// Where a reading stands, as the server says it:
// { position, total, finished, current, ahead, beside, previous, waiting, practising, breaks, whole, seen, given }.

const later = (breaks, answers) => breaks.map((left) => left - answers).filter((left) => left >= 0);

// Once the current item is answered, before the server has said so; the server's next word replaces it.
export function advanced(state, undo) {
  const [current = null, ...ahead] = state.ahead;
  const position = Math.min(state.position + 1, state.total);
  const previous = undo ? state.current : null;
  const breaks = later(state.breaks, 1);
  return { ...state, position, current, ahead, last: state.current, previous, breaks, seen: null };
}

// With the names that the server has served up to now, where it has not had the last answers yet.
export function caughtUp(state, told) {
  const names = [told.current, ...told.ahead];
  const answers = names.indexOf(state.last) + 1; // given here and not known there
  const [current, ...ahead] = names.slice(answers);
  if (!answers || !current) return state;
  const beside = { ...state.beside, ...told.beside };
  return { ...state, current, ahead, beside, whole: told.whole, breaks: later(told.breaks, answers) };
}

// All images are answered, and the last answer can still be changed.
export const ending = (state) => !state.current && state.whole && Boolean(state.previous);
