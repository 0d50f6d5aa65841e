"""``cowese benchmark``: fine-tune a model on a task, score it, stand it beside published figures.

run.py         the whole run: data → seeds → figures, report, manifest; resumes by seed
tasks.py       the tasks known by name: layout, types, source
layout.py      a folder → the form of its files and the split of each; datasets.py its splits
               the forms: brat.py, spans_table.py, codes_table.py, conll.py, xmi.py, bioc.py, tables.py, squad.py,
               records.py (columns.py)
split_assignment.py   splits by a hash where a corpus has none; leaks.py refuses what is trained on and tested on
task_type_choice.py   the type of a task by its items (documents.py, rows.py, squad.py); task_type.py the protocol
tagging.py     mentions as IOB2 tags of words (word_split.py, iob_tags.py); the other types: classification.py,
               multilabel.py, regression.py, answering.py
windows.py     long texts within the length that a model was trained at
finetune.py    the training loop; layer_decay.py its learning rates
search.py      rate, batch and epochs from a grid, on the development split
models.py      transformers' Auto classes; hub.py asks the hub for a name
scoring.py     answers scored, written, read: mention_scoring.py (spans.py), label_scoring.py, multilabel_scoring.py,
               score_scoring.py (row_predictions.py), answer_scoring.py
counts.py      what each item adds to the figures; scores.py means over seeds
seeds.py       the folder of a run; rescore.py scores it again
keeping.py     fine-tuned models that stay: decoding.py, kept_card.py, onnx_file.py
tag.py         ``cowese tag``: new_texts.py reads, tagger.py decodes; predict.py and new_rows.py for the other types
compare.py     two runs with a verdict; significance.py the test
report.py      the HTML page; table.py and published.py the table; card.py puts it into model cards, eval_results.py
               into their metadata
"""
