// Two lists of stages or lines side by side: what is alike stands in one row, what was changed stands
// beside what it was changed to.

/** Pairs `[left, right]` of indices; `-1` where one side has nothing. */
function align(left, right) {
  const pairs = [];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) {
    pairs.push([start, start]);
    start += 1;
  }
  let [leftEnd, rightEnd] = [left.length, right.length];
  while (leftEnd > start && rightEnd > start && left[leftEnd - 1] === right[rightEnd - 1]) {
    leftEnd -= 1;
    rightEnd -= 1;
  }
  for (const [one, other] of best(left.slice(start, leftEnd), right.slice(start, rightEnd))) {
    pairs.push([one < 0 ? -1 : one + start, other < 0 ? -1 : other + start]);
  }
  for (let at = leftEnd; at < left.length; at++) pairs.push([at, at - leftEnd + rightEnd]);
  return pairs;
}

/** The alignment with the most that is alike. What is too long for that is told as it stands. */
function best(left, right) {
  const width = right.length + 1;
  if (left.length === 1 && right.length === 1) return [[0, 0]];
  if (left.length * right.length > 250000) {
    return [...left.map((_, at) => [at, -1]), ...right.map((_, at) => [-1, at])];
  }
  const leftWords = left.map(wordsOf);
  const rightWords = right.map(wordsOf);
  const score = new Float64Array((left.length + 1) * width);
  for (let one = left.length - 1; one >= 0; one--) {
    for (let other = right.length - 1; other >= 0; other--) {
      const alike = left[one] === right[other] ? 2 : likeness(leftWords[one], rightWords[other]);
      score[one * width + other] = Math.max(
        score[(one + 1) * width + other],
        score[one * width + other + 1],
        alike > 0 ? alike + score[(one + 1) * width + other + 1] : 0,
      );
    }
  }
  const pairs = [];
  let [one, other] = [0, 0];
  while (one < left.length || other < right.length) {
    const here = score[one * width + other];
    if (other >= right.length || (one < left.length && here === score[(one + 1) * width + other])) pairs.push([one++, -1]);
    else if (one >= left.length || here === score[one * width + other + 1]) pairs.push([-1, other++]);
    else pairs.push([one++, other++]);
  }
  return pairs;
}

function wordsOf(text) {
  return new Set(text.match(/\w+/g) ?? []);
}

/** From 0 (nothing to do with each other) to 1. */
function likeness(left, right) {
  let shared = 0;
  for (const word of left) if (right.has(word)) shared += 1;
  const alike = (2 * shared) / (left.size + right.size || 1);
  return alike >= 0.4 ? alike : 0;
}

/** Both texts cut into `[text, differs]`. */
function inside(left, right) {
  const cut = (text) => text.match(/\w+|\s+|[^\w\s]/g) ?? [];
  const [from, to] = [cut(left), cut(right)];
  if (from.length * to.length > 4e6) return [[[left, true]], [[right, true]]];
  const sides = [[], []];
  const push = (side, text, differs) => {
    const last = side.at(-1);
    if (last && last[1] === differs) last[0] += text;
    else side.push([text, differs]);
  };
  for (const [one, other] of exact(from, to)) {
    if (one >= 0) push(sides[0], from[one], other < 0);
    if (other >= 0) push(sides[1], to[other], one < 0);
  }
  return sides;
}

/** The longest common subsequence. */
function exact(from, to) {
  const width = to.length + 1;
  const score = new Uint32Array((from.length + 1) * width);
  for (let one = from.length - 1; one >= 0; one--) {
    for (let other = to.length - 1; other >= 0; other--) {
      score[one * width + other] = from[one] === to[other]
        ? score[(one + 1) * width + other + 1] + 1
        : Math.max(score[(one + 1) * width + other], score[one * width + other + 1]);
    }
  }
  const pairs = [];
  let [one, other] = [0, 0];
  while (one < from.length || other < to.length) {
    if (one < from.length && other < to.length && from[one] === to[other]) pairs.push([one++, other++]);
    else if (other >= to.length || (one < from.length && score[(one + 1) * width + other] >= score[one * width + other + 1])) pairs.push([one++, -1]);
    else pairs.push([-1, other++]);
  }
  return pairs;
}
