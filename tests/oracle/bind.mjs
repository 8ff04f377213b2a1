// Diagnostics of queries, and what the names at given offsets are bound to.
// usage: node bind.mjs SCHEMA LIST, where LIST is JSON: [{file, names: [offset]}]
// Runs beside kqloracle.mjs in its scratch copy; offsets are in UTF-16 units.
import fs from 'fs';
import * as O from './kqloracle.mjs';

const [schema, list] = process.argv.slice(2).map(name => JSON.parse(fs.readFileSync(name, 'utf8')));
const globals = O.globals(schema);

// The widest node that begins and ends with the token at hand and is bound to something.
function bound(code, offset) {
  const token = code.Syntax.GetTokenAt(offset);
  let node = token.Parent;
  while (node && !node.ReferencedSymbol && node.Parent && node.Width === token.Width) node = node.Parent;
  const symbol = node && node.ReferencedSymbol;
  if (!symbol) return null;
  return O.Br.is(symbol, O.S.ColumnSymbol) ? 'column' : O.Br.getTypeName(symbol);
}

const files = list.map(({ file, names }) => {
  const { code, syntax, semantic } = O.analyze(fs.readFileSync(file, 'utf8'), globals);
  return { file, syntax, semantic, bound: names.map(offset => bound(code, offset)) };
});
console.log(JSON.stringify({ files }));
