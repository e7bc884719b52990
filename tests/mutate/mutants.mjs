// Owns the small faults that are put into a script, by its syntax tree: `node mutants.mjs FILE…`
// prints them as JSON, each as a piece of text that takes another one's place.

import { readFileSync } from "node:fs";
import ts from "typescript";

const K = ts.SyntaxKind;
const OPERATORS = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "&&": ["||"],
  "||": ["&&"],
  "??": ["&&"],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "+=": ["-="],
  "-=": ["+="],
  "||=": ["&&="],
  "&&=": ["||="],
};

/** It makes no difference which argument comes first. */
const SYMMETRIC = new Set(["Math.min", "Math.max", "same"]);

const isType = (node) =>
  ts.isTypeNode(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isImportDeclaration(node);

/** The piece of text to show: the statement, or what of it stands before its blocks. */
const shown = (source, node) => {
  let it = node;
  while (
    !ts.isStatement(it) &&
    !ts.isPropertyAssignment(it) &&
    !ts.isMethodDeclaration(it) &&
    !ts.isSourceFile(it.parent)
  ) {
    it = it.parent;
  }
  // What an `if` does is shown with its condition.
  while (ts.isIfStatement(it.parent) && !ts.isBlock(it)) it = it.parent;
  const from = it.getStart(source);
  return [from, Math.max(it.getEnd(), node.getEnd())];
};

const faults = (path) => {
  const text = readFileSync(path, "utf-8");
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found = [];

  const put = (node, instead, from = node.getStart(source), to = node.getEnd()) => {
    let [first, last] = shown(source, node);
    // Of a long statement the lines around the fault are enough.
    const lineStart = text.lastIndexOf("\n", from) + 1;
    const lineEnd = text.indexOf("\n", to);
    if (text.slice(first, last).split("\n").length > 4) {
      [first, last] = [Math.max(first, lineStart), Math.min(last, lineEnd)];
    }
    const line = source.getLineAndCharacterOfPosition(from).line + 1;
    const [before, after] = [text.slice(first, from), text.slice(to, last)];
    found.push({
      path,
      number: found.length,
      line,
      old: text.slice(first, last),
      new: before + instead + after,
      text: text.slice(0, from) + instead + text.slice(to),
    });
  };

  const conditions = (node) => {
    for (const value of ["true", "false"]) put(node, value);
  };

  const visit = (node) => {
    if (isType(node)) return;
    if (ts.isBinaryExpression(node)) {
      const sign = node.operatorToken;
      for (const other of OPERATORS[sign.getText(source)] ?? []) put(sign, other);
      if (["&&", "||", "??"].includes(sign.getText(source))) {
        put(node, `(${node.left.getText(source)})`);
        put(node, `(${node.right.getText(source)})`);
      }
    } else if (ts.isPrefixUnaryExpression(node)) {
      if (node.operator === K.ExclamationToken || node.operator === K.MinusToken)
        put(node, `(${node.operand.getText(source)})`);
    } else if (ts.isPostfixUnaryExpression(node)) {
      const other = node.operator === K.PlusPlusToken ? "--" : "++";
      put(node, node.operand.getText(source) + other);
      if (!ts.isExpressionStatement(node.parent)) put(node, `(${node.operand.getText(source)})`);
    } else if (ts.isNumericLiteral(node)) {
      const value = Number(node.getText(source).replaceAll("_", ""));
      const declared = ts.isVariableDeclaration(node.parent) && node.parent.name.getText(source);
      // A test of a tuned limit to the last digit would copy it: another order of magnitude.
      const tuned = declared && declared === declared.toUpperCase() && value > 2;
      for (const other of tuned ? [0, value * 100] : [value + 1, value - 1]) {
        put(node, other < 0 ? `(${other})` : String(other));
      }
    } else if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      if (!/\s/.test(node.text)) put(node, JSON.stringify(`${node.text}~`));
    } else if (node.kind === K.TrueKeyword) put(node, "false");
    else if (node.kind === K.FalseKeyword) put(node, "true");
    else if (node.kind === K.QuestionDotToken) {
      // The operand is there: a fault would be an error, and mostly one for the types.
    } else if (ts.isConditionalExpression(node)) conditions(node.condition);
    else if (ts.isIfStatement(node)) {
      conditions(node.expression);
      if (node.elseStatement) put(node.elseStatement, "{}");
    } else if (ts.isWhileStatement(node)) put(node.expression, "false");
    else if (ts.isForStatement(node)) {
      if (node.condition) put(node.condition, "false");
    } else if (ts.isReturnStatement(node)) {
      if (!node.expression) put(node, ";");
      else if (!ts.isFunctionLike(node.expression) && !ts.isObjectLiteralExpression(node.expression))
        put(node.expression, "undefined");
    } else if (ts.isExpressionStatement(node)) put(node, ";");
    else if (ts.isContinueStatement(node)) put(node, "break;");
    else if (ts.isBreakStatement(node)) put(node, "continue;");
    else if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) {
      if (!ts.isArrowFunction(node.body)) put(node.body, "undefined");
    } else if (ts.isCallExpression(node) && node.arguments.length > 1) {
      const [first, second] = node.arguments;
      const apart = first.getText(source) !== second.getText(source);
      if (apart && !SYMMETRIC.has(node.expression.getText(source)) && !ts.isSpreadElement(first) && !ts.isSpreadElement(second)) {
        const between = text.slice(first.getEnd(), second.getStart(source));
        const swapped = second.getText(source) + between + first.getText(source);
        put(node, swapped, first.getStart(source), second.getEnd());
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

process.stdout.write(JSON.stringify(process.argv.slice(2).flatMap(faults)));
