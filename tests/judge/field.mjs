// Where a field finds its value in the data that a judge is given; README.md has the format.

/** The one resolver: a field's value stands in its row under its name, or under its name and arguments. */
export function field(rows = {}) {
  const settled = (value, args) => {
    if (value === undefined || value === null) return null;
    if (Array.isArray(value)) return value.map((item) => settled(item, args));
    if (typeof value !== "object") return value;
    if ("$ref" in value) return settled(own(rows, value.$ref), args);
    if ("$error" in value) return new Error(value.$error);
    if ("$take" in value) return settled(value.$take.from, args).slice(0, args[value.$take.count] ?? undefined);
    return value;
  };
  return (row, args, _context, { fieldName }) =>
    settled(own(row, `${fieldName}(${canonical(args)})`) ?? own(row, fieldName), args);
}

function own(object, key) {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** JSON with the keys of every object in alphabetical order. */
function canonical(value) {
  return JSON.stringify(value, (_key, part) =>
    part && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
