#!/usr/bin/env bash
# Small valid inputs to start from, one folder a target: fuzz/seeds.sh, then `cargo fuzz run TARGET`.
set -euo pipefail
cd "$(dirname "$0")"
seed() { mkdir -p "corpus/$1"; cat >"corpus/$1/$2"; }

seed face_files box <<<'0 10 20 100 120
1 0 0 0 0'
seed face_files eyes <<<'0,10,20,110,140,40,60,80,62
1,0,0,0,0,0,0,0,0'
seed oulu_eyes eyes <<<'0,300,200,420,204
1,0,0,0,0'
seed celeba_boxes box <<<'60 50 90 120 0.998'
numbers=$(printf '0, %.0s' {1..40})
seed celeba_labels two <<<"{\"Data/train/1/live/000001.jpg\": [${numbers}0, 0, 0, 0],
\"Data/train/1/spoof/000002.png\": [${numbers}1, 1, 1, 1]}"
seed manifest two <<<'sample,dataset,split,subject,video,frame,label,species,attributes,image,depth,mask,box_x,box_y,box_w,box_h,eye_rx,eye_ry,eye_lx,eye_ly,sha256
a,d,train,1,v,0,live,,device=phone;light=dim,faces/a.jpg,depth/a.png,,1,2,30,40,10,12,20,12.5,ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
"b ""x""",d,,,,,attack,print/photo,,faces/b.jpg,,masks/b.png,,,,,,,,,'
seed scores two <<<'sample,dataset,split,subject,video,frame,label,species,attributes,score,logit,status
a,d,test,1,v,0,live,,,0.75,1.0986122,ok
b,d,test,2,w,0,attack,print/photo,,,,no-face'
seed scores foreign <<<'dataset;split;subject;video;frame;label;species;score;status
d;dev;1;v;1;0;replay/1;1e-3;ok'
for name in astronaut; do
    mkdir -p corpus/image
    head -c 4096 "../crates/fasgard-face/tests/data/$name.png" >corpus/image/png
done
cp ../crates/fasgard-image/tests/data/jpeg/*.jpg corpus/image/
# Weights as PyTorch saves them, and a header of a model file.
mkdir -p corpus/pth
cp ../crates/fasgard-model/tests/data/lite0-plain.pth corpus/pth/
head -c 8192 ../crates/fasgard-model/tests/data/resnet18-plain.pth >corpus/pth/cut
(cd corpus/pth && printf 'Name: a\n' >METADATA && mkdir -p a-1.dist-info && mv METADATA a-1.dist-info/ &&
    python3 -m zipfile -c wheel.whl a-1.dist-info lite0-plain.pth && rm -r a-1.dist-info)
python3 - <<'END'
import json, struct, pathlib
header = json.dumps({"__metadata__": {"fasgard": json.dumps({"schema": 1})},
                     "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
folder = pathlib.Path("corpus/model")
folder.mkdir(parents=True, exist_ok=True)
(folder / "small").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
END
# A whole small model (9.6 kB): 4 steps of a ResNet18 of a sixteenth of its width on stripes.
cp seeds/model/tiny.safetensors corpus/model/
